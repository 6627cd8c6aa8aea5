import { describe, expect, it } from 'vitest';
import { BinnedMatrixBuilder } from '../binning/binned-matrix-builder.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { readLightGbmText, writeLightGbmText } from './lightgbm-text.js';
import { predictValues } from './predict-values.js';
import { trainBooster } from './train-booster.js';

const all = (rows: number) => Uint32Array.from({ length: rows }, (_, i) => i);

function trained(objective: 'squared' | 'logistic') {
  const random = seededRandom(11n);
  const values = Array.from({ length: 4 }, (_, c) =>
    Float32Array.from({ length: 500 }, () => (c < 2 && random.next() < 0.2 ? Number.NaN : random.normal())),
  );
  const label = Float64Array.from({ length: 500 }, (_, i) => {
    const signal = (values[0]![i]! || 2) + values[2]![i]! + random.normal();
    return objective === 'squared' ? signal + 5 : Number(signal > 0);
  });
  const builder = new BinnedMatrixBuilder(500, 4, { fitRows: 500 });
  values.forEach((column, position) => {
    builder.addColumn(position, column);
  });
  const matrix = builder.finish();
  const booster = trainBooster({ matrix, rows: all(500), label }, { objective, rounds: 10, maxLeaves: 8 });
  return { booster, matrix, values };
}

const NAMES = ['a.x', 'a.y', 'b.x', 'b.y'];

describe('LightGBM text models', () => {
  for (const objective of ['squared', 'logistic'] as const) {
    it(`survive writing and reading (${objective})`, () => {
      const { booster, matrix, values } = trained(objective);
      const read = readLightGbmText(writeLightGbmText(booster, NAMES));
      expect(read.featureNames).toEqual(NAMES);
      expect(read.booster.objective).toBe(objective);
      const expected = booster.predictRaw(matrix, all(500));
      predictValues(read.booster, values, all(500)).forEach((score, row) => {
        expect(score).toBeCloseTo(expected[row]!, 12);
      });
      const again = readLightGbmText(writeLightGbmText(read.booster, NAMES));
      expect(again.booster.trees).toEqual(read.booster.trees);
    });
  }

  it('keep infinite thresholds, where only missing values go right', () => {
    const values = Float32Array.from({ length: 100 }, (_, i) => (i % 2 ? Number.NaN : i % 3));
    const label = Float64Array.from({ length: 100 }, (_, i) => i % 2);
    const builder = new BinnedMatrixBuilder(100, 1, { fitRows: 100, bins: 4 });
    builder.addColumn(0, values);
    const matrix = builder.finish();
    const booster = trainBooster({ matrix, rows: all(100), label }, { rounds: 1, maxLeaves: 2 });
    expect([...booster.trees[0]!.threshold]).toEqual([Number.POSITIVE_INFINITY]);
    const text = writeLightGbmText(booster, ['x']);
    expect(text).toContain('\nthreshold=inf\n');
    const read = readLightGbmText(text).booster;
    expect([...read.trees[0]!.threshold]).toEqual([Number.POSITIVE_INFINITY]);
    const scores = predictValues(read, [values], all(100));
    expect(scores).toEqual(predictValues(booster, [values], all(100)));
    expect(scores[1]).toBeGreaterThan(scores[0]!);
  });

  it('hold a model without trees as its base score', () => {
    const { booster } = trained('squared');
    const empty = readLightGbmText(writeLightGbmText({ ...booster, trees: [] }, NAMES)).booster;
    expect([...predictValues(empty, [[0], [0], [0], [0]], all(1))]).toEqual([booster.baseScore]);
  });

  it('are refused by name where something is not supported', () => {
    const text = writeLightGbmText(trained('squared').booster, NAMES);
    const refuse = (from: string | RegExp, to: string, message: string) =>
      expect(() => readLightGbmText(text.replace(from, to))).toThrow(message);
    refuse('num_tree_per_iteration=1', 'num_tree_per_iteration=3', '3 trees a round');
    refuse('objective=regression', 'objective=poisson', 'objective "poisson"');
    refuse('num_cat=0', 'num_cat=2', 'categorical');
    refuse('is_linear=0', 'is_linear=1', 'linear');
    refuse(/decision_type=\d+/, 'decision_type=4', 'zero for missing');
    refuse(/threshold=\S+/, 'threshold=x', '"x" is not a number');
    refuse(/left_child=\S+ /, 'left_child=', 'left_child');
    refuse('end of trees', '', 'not a LightGBM text model');
    refuse('num_class=1', 'num_class=3', '3 classes');
    refuse(/split_feature=\d+/, 'split_feature=4', 'feature 4 of 4');
    refuse(/left_child=\S+/, 'left_child=0', 'tree 0 has a child 0 that does not fit');
    refuse(/right_child=\S+/, 'right_child=-90', 'a child -90 that does not fit');
    refuse(/left_child=\S+/, 'left_child=0.5', 'a child 0.5 that does not fit');
    refuse(/num_leaves=\d+/, 'num_leaves=1e9', 'num_leaves of tree 0 is 1e9');
    refuse('max_feature_idx=3', 'max_feature_idx=1e12', 'max_feature_idx is 1e12');
    refuse('feature_names=a.x a.y', 'feature_names=a.x a.x', 'two features are named "a.x"');
    refuse(/Tree=9.*?end of trees/s, 'end of trees', '9 of 10 trees are there');
    expect(() => writeLightGbmText(trained('squared').booster, ['a', 'b c', 'd', 'e'])).toThrow('"b c"');
    expect(() => writeLightGbmText(trained('squared').booster, ['a'])).toThrow('1 feature names');
  });
});
