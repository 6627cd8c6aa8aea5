import { expect, it } from 'vitest';
import { correlation } from '../metrics/value-metrics.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { honestEdge } from './honest-edge.js';

/** Logistic approximation of the normal distribution function. */
const up = (z: number) => 1 / (1 + Math.exp(-1.702 * z));

it.each([
  [0, 0.01],
  [1, 0.01],
  [1.4, 0.02],
  [3, 0.05],
])('is what a panel reaches that knows all it may, with a known part of spread %d', (known, share) => {
  const random = seededRandom(17n);
  const rows = 400_000;
  const overlap = new Float64Array(rows);
  const opinion = new Float64Array(rows);
  const unknown = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const k = known * random.normal();
    const told = Math.sqrt(share) * random.normal();
    unknown[row] = Math.sign(told + Math.sqrt(1 - share) * random.normal());
    overlap[row] = up(k);
    opinion[row] = up((k + told) / Math.sqrt(1 - share)) - up(k);
  }
  const reached = correlation(opinion, unknown)();
  const limit = honestEdge(overlap, share);
  expect(Math.abs(reached - limit)).toBeLessThan(0.006);
  if (known === 0) expect(limit).toBeCloseTo(0.0798, 4);
});
