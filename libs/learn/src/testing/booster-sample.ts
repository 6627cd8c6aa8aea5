import type { Booster } from '../boosting/booster.js';
import type { BoosterParams } from '../boosting/booster-params.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { binned } from './binned.js';

export const all = (rows: number) => Uint32Array.from({ length: rows }, (_, i) => i);

/** Normal columns with missing values and a label with main effects and an interaction. */
export function sample(rows: number, columns: number, seed: bigint) {
  const random = seededRandom(seed);
  const values = Array.from({ length: columns }, () =>
    Float32Array.from({ length: rows }, () => (random.next() < 0.05 ? Number.NaN : random.normal())),
  );
  const at = (c: number, i: number) => values[c % columns]![i]! || 0;
  const label = Float64Array.from(
    { length: rows },
    (_, i) => at(0, i) + 2 * Math.sign(at(1, i)) + at(2, i) * at(3, i) + 0.5 * random.normal(),
  );
  return { values, label, matrix: binned(values) };
}

export function meanSquare(a: Float64Array, b: Float64Array, rows: Uint32Array): number {
  return rows.reduce((sum, row, i) => sum + (a[i]! - b[row]!) ** 2, 0) / rows.length;
}

export function structures(booster: Booster) {
  return booster.trees.map(({ column, bin, missingLeft, left, right, leafValue }) => {
    return { column, bin, missingLeft, left, right, leafValue };
  });
}

export const sampled: Partial<BoosterParams> = {
  rowFraction: 0.5,
  treeColumnFraction: 0.5,
  nodeColumnFraction: 0.5,
};
