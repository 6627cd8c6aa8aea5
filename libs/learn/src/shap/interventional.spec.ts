import { describe, expect, it } from 'vitest';
import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { BinnedMatrixBuilder } from '../binning/binned-matrix-builder.js';
import type { Booster } from '../boosting/booster.js';
import { predictValues } from '../boosting/predict-values.js';
import { trainBooster } from '../boosting/train-booster.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { leafGroups } from './leaf-groups.js';
import { sharingWeights } from './sharing-weights.js';
import { treeShap, treeShapOfValues } from './tree-shap.js';

const ROWS = 400;
const all = Uint32Array.from({ length: ROWS }, (_, i) => i);

function trained(seed: bigint, columns: number, params: Parameters<typeof trainBooster>[1]) {
  const random = seededRandom(seed);
  const values = Array.from({ length: columns }, () =>
    Float32Array.from({ length: ROWS }, () => (random.next() < 0.1 ? Number.NaN : random.normal())),
  );
  const label = Float64Array.from({ length: ROWS }, (_, i) => {
    const value = (c: number) => values[c % columns]![i]! || 0;
    return value(0) * value(1) + (value(2) > 0 ? value(3) : -value(4)) + 0.3 * random.normal();
  });
  const builder = new BinnedMatrixBuilder(ROWS, columns, { bins: 32, fitRows: ROWS });
  values.forEach((own, position) => {
    builder.addColumn(position, own);
  });
  const matrix: BinnedMatrix = builder.finish();
  const booster = trainBooster({ matrix, rows: all, label }, { minRowsInLeaf: 2, rounds: 2, ...params });
  return { values, matrix, booster };
}

/** Shapley values of the game "columns of the coalition from the row, the others from the background row", averaged. */
function enumerated(
  booster: Booster,
  values: Float32Array[],
  row: number,
  background: Uint32Array,
): number[] {
  const d = values.length;
  const worth = Array.from({ length: 2 ** d }, (_, coalition) => {
    const mixed = values.map((own, c) =>
      Array.from(background, (other) => own[(coalition >> c) & 1 ? row : other]!),
    );
    const scores = predictValues(booster, mixed, Uint32Array.from(background.keys()));
    return scores.reduce((sum, score) => sum + score, 0) / background.length;
  });
  const weights = sharingWeights(d);
  const size = (coalition: number) => coalition.toString(2).replaceAll('0', '').length;
  return Array.from({ length: d }, (_, column) => {
    let sum = 0;
    for (let coalition = 0; coalition < 2 ** d; coalition++) {
      if ((coalition >> column) & 1) continue;
      const s = size(coalition);
      const weight = weights[s * (d + 1) + d - s - 1]!;
      sum += weight * (worth[coalition | (1 << column)]! - worth[coalition]!);
    }
    return sum;
  });
}

describe('interventional SHAP', () => {
  it.each([
    ['tables', 5n, 6, { maxDepth: 4, maxLeaves: 12 }],
    ['tables of symmetric trees', 6n, 7, { maxDepth: 3, maxLeaves: 8, growth: 'symmetric' as const }],
    ['tables of as many columns as a case has bits', 7n, 8, { maxDepth: 0, maxLeaves: 40 }],
    ['any depth', 8n, 11, { maxDepth: 0, maxLeaves: 90, minRowsInLeaf: 1 }],
  ])('equals the enumeration of all coalitions (%s)', (kind, seed, columns, params) => {
    const { values, matrix, booster } = trained(seed, columns, params);
    expect(booster.trees.some((tree) => leafGroups(tree) === undefined)).toBe(kind === 'any depth');
    const background = Uint32Array.of(3, 50, 51, 200, 390);
    const rows = Uint32Array.of(0, 17, 50, 399);
    const shap = treeShap(booster, matrix, rows, { background });
    rows.forEach((row, k) => {
      enumerated(booster, values, row, background).forEach((expected, column) => {
        expect(shap.values[column * rows.length + k]).toBeCloseTo(expected, 11);
      });
    });
    expect(treeShapOfValues(booster, values, rows, { background })).toEqual(shap);
  });

  it('has the mean over the background as base value and adds up, with more rows than a tile', () => {
    const { matrix, booster } = trained(9n, 20, { maxDepth: 6, rounds: 10 });
    const background = all.filter((row) => row % 3 === 0);
    const rows = Uint32Array.from({ length: 2100 }, (_, k) => k % ROWS);
    const { baseValue, values, maxAdditivityError } = treeShap(booster, matrix, rows, { background });
    const scores = booster.predictRaw(matrix, background);
    expect(baseValue).toBeCloseTo(scores.reduce((sum, score) => sum + score, 0) / background.length, 12);
    expect(maxAdditivityError).toBeLessThan(1e-12);
    for (let column = 0; column < 20; column++) {
      expect(values[column * 2100 + 2050]).toBe(values[column * 2100 + (2050 % ROWS)]);
    }
  });

  it('gives back all the shared memory it took, and refuses an empty background', () => {
    const { matrix, booster } = trained(10n, 11, { maxDepth: 0, maxLeaves: 90, minRowsInLeaf: 1 });
    const explain = () => treeShap(booster, matrix, all, { background: Uint32Array.of(1, 2) });
    for (let i = 0; i < 3; i++) explain();
    const once = matrix.memory.buffer.byteLength;
    for (let i = 0; i < 10; i++) explain();
    expect(matrix.memory.buffer.byteLength).toBe(once);
    const none = { background: new Uint32Array(0) };
    expect(() => treeShap(booster, matrix, all, none)).toThrow(/at least one background row/);
    const beyond = { background: Uint32Array.of(ROWS) };
    expect(() => treeShap(booster, matrix, all, beyond)).toThrow(/row 400 is not one of/);
  });
});
