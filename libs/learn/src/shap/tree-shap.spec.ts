import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Booster } from '../boosting/booster.js';
import { createBooster } from '../boosting/create-booster.js';
import { trainBooster } from '../boosting/train-booster.js';
import { leafOf, type Tree } from '../boosting/tree.js';
import { Arena } from '../kernels/arena.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { binned } from '../testing/binned.js';
import { childRows } from './leaf-paths.js';
import { addRecursiveShap } from './recursive-shap.fixture.js';
import { shapSummary, treeShap, treeShapOfValues } from './tree-shap.js';

const all = (rows: number) => Uint32Array.from({ length: rows }, (_, i) => i);

/** Trees of one leaf a row: learning rate 1, no regularisation. */
const exactFit = { rounds: 1, learningRate: 1, l2: 0, minRowsInLeaf: 1, minHessianInLeaf: 0 };

function byRow(values: Float64Array, columns: number): number[][] {
  const rows = values.length / columns;
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => values[c * rows + r]!),
  );
}

/** Expected output of a tree when only the columns of a coalition are known (path-dependent). */
function expectation(
  tree: Tree,
  goesLeft: (node: number) => boolean,
  known: (column: number) => boolean,
): number {
  const mean = (child: number): number => {
    if (child < 0) return tree.leafValue[~child]!;
    const [left, right] = [tree.left[child]!, tree.right[child]!];
    if (known(tree.column[child]!)) return mean(goesLeft(child) ? left : right);
    const total = tree.nodeRows[child]!;
    return (childRows(tree, left) * mean(left) + childRows(tree, right) * mean(right)) / total;
  };
  return tree.column.length === 0 ? tree.leafValue[0]! : mean(0);
}

/** Shapley values by enumeration of all 2^d coalitions (Shapley 1953). */
function enumerated(booster: Booster, bins: Uint8Array[], row: number): number[] {
  const d = booster.columns;
  const worth = Float64Array.from({ length: 2 ** d }, (_, coalition) =>
    booster.trees.reduce((sum, tree) => {
      const goesLeft = (node: number) => {
        const bin = bins[tree.column[node]!]![row]!;
        return bin === 0 ? tree.missingLeft[node] === 1 : bin <= tree.bin![node]!;
      };
      return sum + expectation(tree, goesLeft, (column) => ((coalition >> column) & 1) === 1);
    }, 0),
  );
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const size = (coalition: number) => coalition.toString(2).replaceAll('0', '').length;
  return Array.from({ length: d }, (_, column) => {
    let sum = 0;
    for (let coalition = 0; coalition < 2 ** d; coalition++) {
      if ((coalition >> column) & 1) continue;
      const s = size(coalition);
      const weight = (factorial(s) * factorial(d - s - 1)) / factorial(d);
      sum += weight * (worth[coalition | (1 << column)]! - worth[coalition]!);
    }
    return sum;
  });
}

function randomColumns(rows: number, columns: number, seed: bigint): Float32Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: columns }, () =>
    Float32Array.from({ length: rows }, () => (random.next() < 0.1 ? Number.NaN : random.normal())),
  );
}

function interactingLabel(columns: Float32Array[], seed: bigint): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: columns[0]!.length }, (_, i) => {
    const value = (c: number) => columns[c % columns.length]![i]! || 0;
    return value(0) * value(1) + (value(2) > 0 ? value(3) : -value(4)) + 0.3 * random.normal();
  });
}

/** By the algorithm that LightGBM and shap use. */
function recursive(booster: Booster, values: Float32Array[], row: number): Float64Array {
  const sums = new Float64Array(booster.columns);
  for (const tree of booster.trees) {
    const goesLeft = (node: number) => {
      const value = values[tree.column[node]!]![row]!;
      return Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= tree.threshold[node]!;
    };
    addRecursiveShap(tree, goesLeft, (column, share) => {
      sums[column]! += share;
    });
  }
  return sums;
}

describe('treeShap', () => {
  it('gives the published values of the AND tree', () => {
    const matrix = binned([Float32Array.of(0, 0, 1, 1), Float32Array.of(0, 1, 0, 1)]);
    const label = Float64Array.of(0, 0, 0, 80);
    const booster = trainBooster({ matrix, rows: all(4), label }, exactFit);
    const { values, baseValue } = treeShap(booster, matrix, all(4));
    expect(baseValue).toBeCloseTo(20, 10);
    const expected = [
      [-10, -10],
      [-30, 10],
      [10, -30],
      [30, 30],
    ];
    byRow(values, 2).forEach((row, r) => {
      row.forEach((value, c) => {
        expect(value).toBeCloseTo(expected[r]![c]!, 10);
      });
    });
  });

  it('gives the known values where most rows are missing', () => {
    const matrix = binned([Float32Array.of(1, Number.NaN, Number.NaN, Number.NaN, 100)]);
    const booster = trainBooster({ matrix, rows: all(5), label: Float64Array.of(1, 0, 0, 0, 0) }, exactFit);
    const { values } = treeShap(booster, matrix, all(5));
    [0.8, -0.2, -0.2, -0.2, -0.2].forEach((expected, row) => {
      expect(values[row]).toBeCloseTo(expected, 10);
    });
  });

  it('equals the enumeration of all coalitions', () => {
    const options = fc.record({
      seed: fc.bigInt({ min: 0n, max: 10000n }),
      columns: fc.integer({ min: 1, max: 12 }),
      maxDepth: fc.constantFrom(2, 5, 8, 0),
      growth: fc.constantFrom('leaf' as const, 'level' as const, 'symmetric' as const),
    });
    fc.assert(
      fc.property(options, ({ seed, columns, maxDepth, growth }) => {
        const values = randomColumns(120, columns, seed);
        const matrix = binned(values, 16);
        const label = interactingLabel(values, seed);
        const params = { rounds: 2, maxLeaves: 24, minRowsInLeaf: 2, maxDepth, growth };
        const booster = trainBooster({ matrix, rows: all(120), label }, params);
        const rows = Uint32Array.of(3, 77, 119);
        const shap = byRow(treeShap(booster, matrix, rows).values, columns);
        const bins = values.map((_, c) => matrix.readColumn(c));
        rows.forEach((row, i) => {
          enumerated(booster, bins, row).forEach((expected, column) => {
            expect(shap[i]![column]).toBeCloseTo(expected, 10);
          });
        });
      }),
      { numRuns: 15, examples: [[{ seed: 1n, columns: 12, maxDepth: 0, growth: 'leaf' }]] },
    );
  });

  it('gets the same from tables and from the recursive algorithm', () => {
    const values = randomColumns(2000, 25, 4n);
    const matrix = binned(values);
    const booster = trainBooster(
      { matrix, rows: all(2000), label: interactingLabel(values, 4n) },
      { rounds: 5 },
    );
    const rows = all(50);
    const tabulated = byRow(treeShap(booster, matrix, rows).values, 25);
    rows.forEach((row) => {
      recursive(booster, values, row).forEach((share, column) => {
        expect(tabulated[row]![column]).toBeCloseTo(share, 12);
      });
    });
  });

  it('explains trees whose paths have more distinct columns than can be tabulated', () => {
    const values = randomColumns(3000, 20, 5n);
    const matrix = binned(values);
    const label = interactingLabel(values, 5n);
    const common = { rounds: 3, maxLeaves: 255, minRowsInLeaf: 2, learningRate: 0.5 };
    const deep = trainBooster({ matrix, rows: all(3000), label }, { ...common, maxDepth: 0 });
    const depths = deep.trees.map((tree) => distinctColumns(tree));
    expect(Math.max(...depths)).toBeGreaterThan(8);
    const rows = all(40);
    const byBins = treeShap(deep, matrix, rows);
    expect(byBins.maxAdditivityError).toBeLessThan(1e-12);
    const byValues = treeShapOfValues(deep, values, rows);
    expect(byValues.values).toEqual(byBins.values);
    rows.forEach((row) => {
      recursive(deep, values, row).forEach((share, column) => {
        expect(byBins.values[column * rows.length + row]).toBeCloseTo(share, 11);
      });
    });
  });

  it('adds up for many rows in several blocks, whatever the block size', () => {
    const values = randomColumns(5000, 30, 9n);
    const matrix = binned(values);
    const label = interactingLabel(values, 9n);
    const booster = trainBooster({ matrix, rows: all(4000), label }, { rounds: 20, maxDepth: 6 });
    const whole = treeShap(booster, matrix, all(5000));
    const blocks = treeShap(booster, matrix, all(5000), { blockBytes: 1 });
    expect(blocks.values).toEqual(whole.values);
    expect(whole.maxAdditivityError).toBeLessThan(1e-12);
    const raw = booster.predictRaw(matrix, all(5000));
    byRow(whole.values, 30).forEach((row, r) => {
      expect(row.reduce((sum, value) => sum + value, whole.baseValue)).toBeCloseTo(raw[r]!, 9);
    });
    const summary = shapSummary(booster, matrix, all(5000));
    const column = whole.values.subarray(5000, 10000);
    expect(summary.meanAbsolute[1]).toBeCloseTo(
      column.reduce((sum, value) => sum + Math.abs(value), 0) / 5000,
      10,
    );
  });

  it('gives back all the shared memory it took', () => {
    const values = randomColumns(200, 5, 2n);
    const matrix = binned(values);
    const booster = trainBooster(
      { matrix, rows: all(200), label: interactingLabel(values, 2n) },
      { rounds: 3 },
    );
    const before = matrix.memory.buffer.byteLength;
    for (let i = 0; i < 3; i++) treeShap(booster, matrix, all(200));
    const once = matrix.memory.buffer.byteLength;
    for (let i = 0; i < 20; i++) treeShap(booster, matrix, all(200));
    expect(matrix.memory.buffer.byteLength).toBe(once);
    expect(before).toBeLessThanOrEqual(once);
  });

  it('works beyond the 2 GiB at which addresses turn negative as signed integers', () => {
    const values = randomColumns(600, 12, 6n);
    const matrix = binned(values);
    const label = interactingLabel(values, 6n);
    const run = () => {
      const booster = trainBooster(
        { matrix, rows: all(600), label, columns: [0, 1, 2, 3, 4, 7] },
        { rounds: 3 },
      );
      return treeShap(booster, matrix, all(600)).values;
    };
    const low = run();
    const arena = new Arena(matrix.memory);
    // Never touched, so no memory is spent on it.
    const gap = arena.allocate(2.2 * 2 ** 30, 'a gap');
    const filler = arena.allocate(2 ** 20, 'a block above the gap');
    expect(filler).toBeGreaterThan(2 ** 31);
    const small: number[] = [];
    while ((small.at(-1) ?? 0) < gap) small.push(arena.allocate(4096, 'what is free below the gap'));
    expect(run()).toEqual(low);
  });

  it('refuses a matrix with other bins, and a tree whose additivity is broken', () => {
    const values = randomColumns(100, 3, 3n);
    const matrix = binned(values);
    const booster = trainBooster(
      { matrix, rows: all(100), label: interactingLabel(values, 3n) },
      { rounds: 2 },
    );
    expect(() => treeShap(booster, matrix.subset([0, 1]), all(100))).toThrow(
      'trained on other bins (3 columns)',
    );
    const [tree] = booster.trees;
    const leafValue = tree!.leafValue.map(() => Number.NaN);
    const broken = createBooster({ ...booster, trees: [{ ...tree!, leafValue }] });
    expect(() => treeShap(broken, matrix, all(100))).toThrow('its raw score is');
  });
});

function distinctColumns(tree: Tree): number {
  let most = 0;
  for (let draw = 0; draw < 500; draw++) {
    const random = seededRandom(BigInt(draw));
    const seen = new Set<number>();
    leafOf(tree, (node) => {
      seen.add(tree.column[node]!);
      return random.next() < 0.5;
    });
    most = Math.max(most, seen.size);
  }
  return most;
}
