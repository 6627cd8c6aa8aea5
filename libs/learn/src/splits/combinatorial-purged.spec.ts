import { describe, expect, it } from 'vitest';
import { backtestPaths, combinatorialPurged } from './combinatorial-purged.js';

const rows = Uint32Array.from({ length: 12 }, (_, row) => row);
const bar = Int32Array.from(rows);
const trains = (horizon: number, targetWindow: number, embargoBars = 0) =>
  combinatorialPurged({
    rows,
    bar,
    geometry: { horizon, targetWindow },
    folds: 3,
    testFolds: 2,
    embargoBars,
  }).map(({ train }) => [...train]);

describe('combinatorialPurged', () => {
  it('trains on the reference rows with a label of one bar', () => {
    expect(trains(1, 1)).toEqual([
      [9, 10, 11],
      [5, 6],
      [0, 1, 2],
    ]);
  });

  it('trains on all other rows with a label of no bar', () => {
    expect(trains(0, 0)).toEqual([
      [8, 9, 10, 11],
      [4, 5, 6, 7],
      [0, 1, 2, 3],
    ]);
  });

  it('tests every choice of folds, each fold equally often', () => {
    const splits = combinatorialPurged({
      rows,
      bar,
      geometry: { horizon: 0, targetWindow: 0 },
      folds: 6,
      testFolds: 2,
    });
    expect(splits).toHaveLength(15);
    expect(backtestPaths(6, 2)).toBe(5);
    const tested = splits.flatMap(({ test }) => test.map((fold) => fold[0]!));
    for (const first of [0, 2, 4, 6, 8, 10]) expect(tested.filter((row) => row === first)).toHaveLength(5);
    expect(splits[0]!.test.map((fold) => [...fold])).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('keeps the embargo free after each test block only', () => {
    expect(trains(1, 1, 1)).toEqual([[10, 11], [6], [0, 1, 2]]);
  });

  it('counts bars and not rows: a gap in the sample makes purging unnecessary', () => {
    const gapped = bar.map((ordinal) => (ordinal < 8 ? ordinal : ordinal + 50));
    const [first] = combinatorialPurged({
      rows,
      bar: gapped,
      geometry: { horizon: 2, targetWindow: 2 },
      folds: 3,
      testFolds: 2,
    });
    expect([...first!.train]).toEqual([8, 9, 10, 11]);
  });

  it('refuses a split without training rows and impossible numbers of folds', () => {
    expect(() => trains(6, 6)).toThrow(/no training row is left/);
    expect(() =>
      combinatorialPurged({ rows, bar, geometry: { horizon: 1, targetWindow: 1 }, folds: 3, testFolds: 3 }),
    ).toThrow(/cannot test 3 of 3/);
  });
});
