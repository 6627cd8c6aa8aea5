import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { all, sample } from '../testing/booster-sample.js';
import type { Booster } from './booster.js';
import { predictValues } from './predict-values.js';
import { trainBooster } from './train-booster.js';
import { leafDepths, type Tree } from './tree.js';

describe('trees', () => {
  it('lets compacted and uncompacted leaves lead to the same trees', () => {
    const { matrix, label } = sample(6000, 12, 7n);
    const shuffled = all(6000);
    const random = seededRandom(1n);
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
    }
    // One leaf a row class: many leaves, each far below a quarter of the rows.
    const params = { rounds: 3, maxLeaves: 64, maxDepth: 0, minRowsInLeaf: 10 };
    const booster = trainBooster({ matrix, rows: all(6000), label }, params);
    for (const tree of booster.trees) expect(rowsByLeaf(tree, matrix)).toEqual([...tree.leafRows]);
    const gains = (some: Booster) => some.trees[0]!.gain.reduce((sum, gain) => sum + gain, 0);
    const other = trainBooster({ matrix, rows: shuffled, label }, params);
    expect(gains(other) / gains(booster)).toBeCloseTo(1, 4);
  });

  it('keeps rows and hessian in leaves at least at what is asked, for every loss', () => {
    const { matrix, label } = sample(700, 8, 8n);
    const binary = label.map((y) => Number(y > 1.5));
    const weight = label.map((y) => 0.2 + Math.abs(y));
    for (const objective of ['squared', 'logistic', 'huber', 'quantile'] as const) {
      const task = { matrix, rows: all(700), label: objective === 'logistic' ? binary : label, weight };
      const booster = trainBooster(task, {
        objective,
        rounds: 10,
        minRowsInLeaf: 37,
        maxDepth: 0,
        quantile: 0.8,
      });
      expect(booster.trees.length).toBe(10);
      for (const tree of booster.trees) {
        expect(Math.min(...tree.leafRows)).toBeGreaterThanOrEqual(37);
        expect(rowsByLeaf(tree, matrix)).toEqual([...tree.leafRows]);
      }
    }
  });

  it('respects depth and leaves, and splits every leaf of a level alike in symmetric trees', () => {
    const { matrix, label } = sample(2000, 8, 10n);
    const task = { matrix, rows: all(2000), label };
    for (const growth of ['leaf', 'level', 'symmetric'] as const) {
      for (const tree of trainBooster(task, { growth, rounds: 3, maxDepth: 4, maxLeaves: 13 }).trees) {
        expect(Math.max(...leafDepths(tree))).toBeLessThanOrEqual(4);
        expect(tree.leafValue.length).toBeLessThanOrEqual(13);
      }
    }
    const [oblivious] = trainBooster(task, {
      growth: 'symmetric',
      rounds: 1,
      maxDepth: 5,
      maxLeaves: 32,
      minRowsInLeaf: 1,
    }).trees;
    // Leaves that a level would leave empty stay whole, so a path may leave levels out, but not swap them.
    const test = (node: number) =>
      [oblivious!.column[node], oblivious!.bin![node], oblivious!.missingLeft[node]].join(' ');
    const levels = [...new Set(Array.from(oblivious!.column, (_, node) => test(node)))];
    expect(levels.length).toBe(5);
    oblivious!.left.forEach((left, node) => {
      for (const child of [left, oblivious!.right[node]!]) {
        if (child >= 0) expect(levels.indexOf(test(child))).toBeGreaterThan(levels.indexOf(test(node)));
      }
    });
  });

  it('completes one depth before the next by level', () => {
    const { matrix, label } = sample(2000, 8, 11n);
    const task = { matrix, rows: all(2000), label };
    const [tree] = trainBooster(task, { growth: 'level', rounds: 1, maxLeaves: 12, maxDepth: 0 }).trees;
    expect(new Set(leafDepths(tree!))).toEqual(new Set([3, 4]));
    const wide = { rounds: 4, maxLeaves: 64, maxDepth: 4 };
    const byLevel = trainBooster(task, { ...wide, growth: 'level' }).predictRaw(matrix, all(2000));
    const byLeaf = trainBooster(task, { ...wide, growth: 'leaf' }).predictRaw(matrix, all(2000));
    byLevel.forEach((score, row) => {
      expect(score).toBeCloseTo(byLeaf[row]!, 10);
    });
  });

  it('keeps monotone constraints', () => {
    const options = fc.record({
      seed: fc.bigInt({ min: 0n, max: 999n }),
      growth: fc.constantFrom('leaf' as const, 'level' as const),
    });
    fc.assert(
      fc.property(options, ({ seed, growth }) => {
        const { matrix, label, values } = sample(400, 4, seed);
        const monotone = Int8Array.of(1, -1, 0, 1);
        const params = { growth, monotone, rounds: 15, learningRate: 0.4, minRowsInLeaf: 5 };
        const booster = trainBooster({ matrix, rows: all(400), label }, params);
        expect(booster.splitCount()[0]).toBeGreaterThan(0);
        monotone.forEach((direction, column) => {
          if (direction === 0) return;
          for (let row = 0; row < 8; row++) {
            const grid = values.map((own, c) =>
              Float32Array.from({ length: 41 }, (_, i) => (c === column ? -3 + i * 0.15 : own[row]!)),
            );
            const scores = predictValues(booster, grid, all(41));
            for (let i = 1; i < 41; i++)
              expect(direction * (scores[i]! - scores[i - 1]!)).toBeGreaterThanOrEqual(-1e-12);
          }
        });
      }),
      { numRuns: 8 },
    );
  });

  it('makes no tree for a constant label, and none that gains nothing', () => {
    const { matrix, label } = sample(200, 4, 15n);
    const flat = label.map(() => 3);
    const booster = trainBooster({ matrix, rows: all(200), label: flat }, { rounds: 5 });
    expect(booster.trees).toHaveLength(0);
    expect([...booster.predictRaw(matrix, Uint32Array.of(7))]).toEqual([3]);
    expect(trainBooster({ matrix, rows: all(200), label }, { rounds: 5, minGain: 1e9 }).trees).toHaveLength(
      0,
    );
  });
});

function rowsByLeaf(tree: Tree, matrix: BinnedMatrix): number[] {
  const bins = Array.from({ length: matrix.columns }, (_, c) => matrix.readColumn(c));
  const counts = new Array<number>(tree.leafValue.length).fill(0);
  for (let row = 0; row < matrix.rows; row++) {
    let node = 0;
    while (node >= 0) {
      const bin = bins[tree.column[node]!]![row]!;
      const left = bin === 0 ? tree.missingLeft[node] === 1 : bin <= tree.bin![node]!;
      node = left ? tree.left[node]! : tree.right[node]!;
    }
    counts[~node]!++;
  }
  return counts;
}
