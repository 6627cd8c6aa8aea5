import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { binned } from '../testing/binned.js';
import type { BoosterParams } from './booster-params.js';
import { trainBooster } from './train-booster.js';

const all = (rows: number) => Uint32Array.from({ length: rows }, (_, i) => i);

/**
 * Columns of small whole numbers with missing values, and a label that depends on some of them: multiples
 * of 2^-10, at most 16 in size and 0 on average, so that quantised gradients are exact.
 */
function sample(rows: number, columns: number, seed: bigint, levels = 20) {
  const random = seededRandom(seed);
  const values = Array.from({ length: columns }, () =>
    Float32Array.from({ length: rows }, () => (random.next() < 0.1 ? Number.NaN : random.below(levels))),
  );
  const label = Float64Array.from({ length: rows }, (_, i) => {
    const first = values[0]![i]!;
    const second = values[1]![i]!;
    const signal = (first > 8 ? 3 : -1) + (second < 5 || Number.isNaN(second) ? 2 : 0) + random.next();
    return Math.round(signal * 1024) / 1024;
  });
  const mean = label.reduce((sum, y) => sum + y, 0) / rows;
  label.forEach((y, i) => {
    label[i] = Math.round((y - mean) * 1024) / 1024;
  });
  label[0] = 16;
  label[1] = -16;
  label[2]! -= label.reduce((sum, y) => sum + y, 0);
  return { values, label };
}

/** The plainest possible leaf-wise grower: full scans over rows, f64 sums, no histograms kept. */
function referenceTree(
  matrix: BinnedMatrix,
  gradient: Float64Array,
  params: { maxLeaves: number; l1: number; l2: number; minRowsInLeaf: number },
) {
  const bins = Array.from({ length: matrix.columns }, (_, c) => matrix.readColumn(c));
  const shrink = (g: number) => Math.sign(g) * Math.max(0, Math.abs(g) - params.l1);
  const score = (rows: number[]) =>
    shrink(rows.reduce((sum, r) => sum + gradient[r]!, 0)) ** 2 / (rows.length + params.l2);
  const bestOf = (rows: number[]) => {
    let best: { gain: number; column: number; bin: number; left: number[]; right: number[] } | undefined;
    for (let column = 0; column < matrix.columns; column++) {
      for (const missingLeft of [false, true]) {
        for (let bin = 1; bin < matrix.bins; bin++) {
          const isLeft = (r: number) => (bins[column]![r] === 0 ? missingLeft : bins[column]![r]! <= bin);
          const left = rows.filter(isLeft);
          if (left.length < params.minRowsInLeaf || rows.length - left.length < params.minRowsInLeaf)
            continue;
          const right = rows.filter((r) => !isLeft(r));
          const gain = score(left) + score(right) - score(rows);
          if (gain > 1e-9 && gain > (best?.gain ?? 0) + 1e-9) best = { gain, column, bin, left, right };
        }
      }
    }
    return best;
  };
  const leaves = [Array.from({ length: matrix.rows }, (_, i) => i)];
  const bests = [bestOf(leaves[0]!)];
  const splits: { column: number; gain: number }[] = [];
  while (leaves.length < params.maxLeaves) {
    let chosen = -1;
    bests.forEach((best, i) => {
      if (best && (chosen < 0 || best.gain > bests[chosen]!.gain + 1e-9)) chosen = i;
    });
    const best = bests[chosen];
    if (!best) break;
    splits.push({ column: best.column, gain: best.gain });
    leaves[chosen] = best.left;
    leaves.push(best.right);
    bests[chosen] = bestOf(best.left);
    bests.push(bestOf(best.right));
  }
  const value = leaves.map(
    (rows) => -shrink(rows.reduce((sum, r) => sum + gradient[r]!, 0)) / (rows.length + params.l2),
  );
  const output = new Float64Array(matrix.rows);
  leaves.forEach((rows, leaf) => {
    for (const r of rows) output[r] = value[leaf]!;
  });
  return { splits, output };
}

function relativeDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - b[i]!) / Math.max(1, Math.abs(b[i]!))),
    0,
  );
}

const oneTree: Partial<BoosterParams> = { rounds: 1, learningRate: 1, maxDepth: 0 };

describe('growth beside a plain slow grower', () => {
  it('grows the tree of a plain slow grower', () => {
    const options = fc.record({
      seed: fc.bigInt({ min: 0n, max: 1000n }),
      rows: fc.integer({ min: 20, max: 200 }),
      columns: fc.integer({ min: 2, max: 11 }),
      maxLeaves: fc.integer({ min: 2, max: 12 }),
      minRowsInLeaf: fc.integer({ min: 1, max: 15 }),
      l1: fc.constantFrom(0, 3),
      l2: fc.constantFrom(0, 1, 7),
    });
    fc.assert(
      fc.property(options, ({ seed, rows, columns, ...params }) => {
        const { values, label } = sample(rows, columns, seed);
        const matrix = binned(values);
        const booster = trainBooster({ matrix, rows: all(rows), label }, { ...oneTree, ...params });
        const gradient = label.map((y) => booster.baseScore - y);
        const expected = referenceTree(matrix, gradient, params);
        const tree = booster.trees[0] ?? { column: new Int32Array(0), gain: new Float64Array(0) };
        expect([...tree.column]).toEqual(expected.splits.map((split) => split.column));
        tree.gain.forEach((gain, node) => {
          expect(gain / expected.splits[node]!.gain).toBeCloseTo(1, 9);
        });
        const raw = booster.predictRaw(matrix, all(rows)).map((score) => score - booster.baseScore);
        if (booster.trees.length > 0) expect(relativeDifference(raw, expected.output)).toBeLessThan(1e-9);
      }),
      { numRuns: 25 },
    );
  });
});
