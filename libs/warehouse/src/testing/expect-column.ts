import { expect } from 'vitest';

/** Rows that are compared with the naive formula: early, first full, and a few in between. */
const ROWS = [
  0, 44, 45, 46, 89, 90, 359, 360, 735, 1000, 1439, 1440, 2000, 2879, 2880, 2925, 2926, 3150, 3399,
];

/** Compares a column with the formula at ROWS: relative to the scale of the expected values, NaN where NaN. */
export function expectColumn(actual: Float64Array, expected: (t: number) => number, tolerance = 1e-6): void {
  const wanted = ROWS.filter((t) => t < actual.length).map((t) => [t, expected(t)] as const);
  const scale = Math.max(...wanted.map(([, value]) => (Number.isNaN(value) ? 0 : Math.abs(value))));
  expect(scale).toBeGreaterThan(0);
  for (const [t, value] of wanted) {
    const error = Math.abs(actual[t]! - value);
    const agrees = Number.isNaN(value) ? Number.isNaN(actual[t]!) : error <= tolerance * scale;
    if (!agrees) expect.fail(`row ${t}: ${actual[t]} instead of ${value}`);
  }
}

/** NaN unless the line has a full window at t. */
export const full = (t: number, rows: number, value: () => number): number =>
  t + 1 < rows ? Number.NaN : value();
