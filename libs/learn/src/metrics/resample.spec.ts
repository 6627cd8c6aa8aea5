import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowRuns } from './resample.js';
import { correlation, r2, rankCorrelation } from './value-metrics.js';
import { weightedMean } from './weighted-statistic.js';

const ROWS = 12;
const values = fc.array(fc.double({ min: -3, max: 5, noNaN: true }), { minLength: ROWS, maxLength: ROWS });
const starts = fc.array(fc.nat(ROWS - 4), { minLength: 3, maxLength: 3 });

describe('RowRuns', () => {
  it('make of every statistic what it is of the repeated rows', () => {
    fc.assert(
      fc.property(values, values, starts, (first, second, from) => {
        const runs = new RowRuns(ROWS, from.length);
        runs.add(0, 1);
        runs.clear();
        for (const begin of from) runs.add(begin, begin + 4);
        const repeated = from.flatMap((begin) => [begin, begin + 1, begin + 2, begin + 3]);
        const all = (of: readonly number[]) => Float64Array.from(of, (value) => Math.round(value * 64) / 64);
        const pick = (of: readonly number[]) => all(repeated.map((row) => of[row]!));
        expect([...runs.multiplicity]).toEqual(
          Array.from({ length: ROWS }, (_, row) => repeated.filter((own) => own === row).length),
        );
        expect(weightedMean(all(first))(runs)).toBeCloseTo(weightedMean(pick(first))(), 12);
        for (const statistic of [r2, correlation]) {
          const expected = statistic(pick(first), pick(second))();
          if (!(Math.abs(expected) < 1e3)) continue;
          expect(statistic(all(first), all(second))(runs)).toBeCloseTo(expected, 8);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('leave rows without a value out of means, and ranks as they are', () => {
    const runs = new RowRuns(3, 2);
    runs.add(0, 2);
    runs.add(1, 2);
    expect(weightedMean(Float64Array.of(4, Number.NaN, 1))(runs)).toBe(4);
    expect(rankCorrelation(Float64Array.of(1, 2, 3), Float64Array.of(3, 2, 1))(runs)).toBeCloseTo(-1, 12);
  });
});
