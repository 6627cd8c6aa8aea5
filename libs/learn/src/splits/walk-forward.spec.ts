import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LearnInputError } from '../errors/learn-input-error.js';
import { spanEnd, spanStart } from './label-span.js';
import { walkForward } from './walk-forward.js';

const plain = (rows: Uint32Array) => [...rows];
const count = (rows: number) => Uint32Array.from({ length: rows }, (_, row) => row);

describe('walkForward', () => {
  const bar = Int32Array.from(count(10));
  const geometry = { horizon: 1, targetWindow: 1 };
  const input = { rows: count(10), bar, geometry, folds: 3, initialRows: 4 };

  it('gives the expanding folds of its documentation', () => {
    expect(walkForward(input).map(({ train, test }) => [plain(train), plain(test)])).toEqual([
      [
        [0, 1, 2],
        [4, 5],
      ],
      [
        [0, 1, 2, 3, 4],
        [6, 7],
      ],
      [
        [0, 1, 2, 3, 4, 5, 6],
        [8, 9],
      ],
    ]);
  });

  it('gives the rolling folds of its documentation', () => {
    const folds = walkForward({ ...input, rollingRows: 3 });
    expect(folds.map(({ train }) => plain(train))).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });

  it('keeps embargo bars free besides the purge', () => {
    expect(plain(walkForward({ ...input, embargoBars: 2 })[0]!.train)).toEqual([0]);
  });

  it('purges by bar and not by row: a sampled matrix can leave nothing to train on', () => {
    const sampled = Int32Array.from(count(10), (row) => row * 10);
    const wide = { ...input, bar: sampled, geometry: { horizon: 15, targetWindow: 45 } };
    expect(() => walkForward(wide)).toThrow(/fold 1 of 3 has no training row left after purging/);
    const later = walkForward({ ...wide, initialRows: 6, folds: 2 });
    expect(later.map(({ train, test }) => [plain(train), plain(test)])).toEqual([
      [
        [0, 1],
        [6, 7],
      ],
      [
        [0, 1, 2, 3],
        [8, 9],
      ],
    ]);
  });

  it('refuses more folds than rows', () => {
    expect(() => walkForward({ ...input, folds: 7 })).toThrow(LearnInputError);
  });

  it('never lets a training label share a bar with a test row or test label, for any sample of bars', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 60, maxLength: 120 });
    fc.assert(
      fc.property(
        gaps,
        fc.integer({ min: 1, max: 105 }),
        fc.integer({ min: 1, max: 90 }),
        (steps, horizon, window) => {
          let ordinal = 0;
          const bars = Int32Array.from(steps, (step) => (ordinal += step));
          const label = { horizon, targetWindow: window };
          // 40 rows are at least 40 bars; far fewer may remain after purging, so give the label room.
          fc.pre(bars[39]! - bars[0]! > Math.max(horizon, window) + 1);
          const folds = walkForward({
            rows: count(bars.length),
            bar: bars,
            geometry: label,
            folds: 3,
            initialRows: 40,
          });
          for (const { train, test } of folds) {
            const from = spanStart(bars[test[0]!]!, label);
            for (const row of train) expect(spanEnd(bars[row]!, label)).toBeLessThan(from);
          }
          const tested = folds.flatMap(({ test }) => plain(test));
          expect(tested).toEqual(plain(count(bars.length)).slice(40));
        },
      ),
    );
  });
});
