import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { coordinateDescent } from './coordinate-descent.fixture.js';

interface Fixture {
  ratio: number;
  columns: number[][];
  target: number[];
  cases: { alpha: number; steps: number; penalty: number; coefficients: number[] }[];
}

// Made by fixtures/elastic-net.py with scikit-learn.
const fixture = JSON.parse(
  readFileSync(new URL('./fixtures/elastic-net.json', import.meta.url), 'utf8'),
) as Fixture;

describe('coordinateDescent, the reference of the elastic-net kernel', () => {
  it.each(fixture.cases)('agrees with scikit-learn at alpha $alpha after $steps penalties', (expected) => {
    const path = coordinateDescent({
      columns: fixture.columns.map((column) => Float64Array.from(column)),
      target: Float64Array.from(fixture.target),
      path: { alpha: expected.alpha, ratio: fixture.ratio, steps: expected.steps },
      limit: fixture.columns.length + 1,
    });
    const coefficients = new Float64Array(fixture.columns.length);
    path.order.forEach((column, place) => {
      coefficients[column] = path.coefficients[place]!;
    });
    expect(expected.coefficients.filter((value) => value !== 0).length).toBeGreaterThan(1);
    expected.coefficients.forEach((value, column) => {
      expect(Math.abs(coefficients[column]! - value)).toBeLessThan(1e-7);
    });
  });
});
