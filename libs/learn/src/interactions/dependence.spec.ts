import { describe, expect, it } from 'vitest';
import { seededRandom } from '../numeric/seeded-random.js';
import { dependenceLags, inflationOf, lagWeights, seriesCorrelation } from './dependence.js';

const ROWS = 40_000;
const bar = Int32Array.from({ length: ROWS }, (_, row) => row);
const FIRST = Array.from({ length: 15 }, (_, lag) => lag + 1);
const blocks = [{ begin: 0, end: ROWS }];

/** Sums of so many neighbouring shocks. */
function moving(length: number, seed: bigint): Float64Array {
  const random = seededRandom(seed);
  const shocks = Float64Array.from({ length: ROWS + length }, () => random.normal());
  return Float64Array.from({ length: ROWS }, (_, row) =>
    shocks.subarray(row, row + length).reduce((sum, shock) => sum + shock, 0),
  );
}

describe('dependence in time', () => {
  it('is measured at lags that stand for all lags up to the longest, the first ones one by one', () => {
    for (const dependenceBars of [1, 2, 7, 15, 150, 600]) {
      const { rows, width } = dependenceLags(bar, ROWS, dependenceBars);
      expect(rows.at(-1)).toBe(dependenceBars);
      expect(width.reduce((sum, lags) => sum + lags, 0)).toBeCloseTo(dependenceBars, 9);
      expect(rows.slice(0, 15)).toEqual(FIRST.slice(0, dependenceBars));
    }
    const sparse = bar.map((ordinal) => 10 * ordinal);
    expect(dependenceLags(sparse, ROWS, 150).rows.at(-1)).toBe(15);
  });

  it.each([5, 40, 400])('widens sums of products as theory says, for a feature of %d rows', (length) => {
    const overlap = 100;
    const lags = dependenceLags(bar, ROWS, overlap);
    const target = moving(overlap, 1n);
    const feature = moving(length, 2n);
    let expected = 1;
    for (let lag = 1; lag < overlap; lag++)
      expected += 2 * (1 - lag / overlap) * Math.max(0, 1 - lag / length);
    const weights = lagWeights(seriesCorrelation(target, blocks, lags), lags);
    const found = inflationOf(seriesCorrelation(feature, blocks, lags), weights);
    expect(found / expected).toBeGreaterThan(0.85);
    expect(found / expected).toBeLessThan(1.15);
  });
});
