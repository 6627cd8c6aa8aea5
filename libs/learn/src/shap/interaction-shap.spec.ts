import { describe, expect, it } from 'vitest';
import { trainBooster } from '../boosting/train-booster.js';
import type { Tree } from '../boosting/tree.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { binned } from '../testing/binned.js';
import { shapInteractions } from './interaction-shap.js';
import { childRows } from './leaf-paths.js';
import { treeShap } from './tree-shap.js';

const all = (rows: number) => Uint32Array.from({ length: rows }, (_, i) => i);

/** Expected output when only the columns of a coalition are known (path-dependent). */
function worth(tree: Tree, bins: Uint8Array[], row: number, coalition: number): number {
  const mean = (child: number): number => {
    if (child < 0) return tree.leafValue[~child]!;
    const [left, right] = [tree.left[child]!, tree.right[child]!];
    const column = tree.column[child]!;
    if ((coalition >> column) & 1) {
      const bin = bins[column]![row]!;
      return mean((bin === 0 ? tree.missingLeft[child] === 1 : bin <= tree.bin![child]!) ? left : right);
    }
    return (
      (childRows(tree, left) * mean(left) + childRows(tree, right) * mean(right)) / tree.nodeRows[child]!
    );
  };
  return tree.column.length === 0 ? tree.leafValue[0]! : mean(0);
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

describe('shapInteractions', () => {
  it('gives half of what two inputs of an AND do together to each', () => {
    const matrix = binned([Float32Array.of(0, 0, 1, 1), Float32Array.of(0, 1, 0, 1)], 16);
    const booster = trainBooster(
      { matrix, rows: all(4), label: Float64Array.of(0, 0, 0, 80) },
      { rounds: 1, learningRate: 1, l2: 0, minRowsInLeaf: 1 },
    );
    const { values, columns } = shapInteractions(booster, matrix, all(4));
    expect(columns).toEqual([0, 1]);
    // Row 11: 80 = 20 + main effects 20 + 20 + joint effect 20, half of which goes to each.
    [20, 10, 10, 20].forEach((expected, i) => {
      expect(values[12 + i]).toBeCloseTo(expected, 10);
    });
  });

  it('equals the enumeration of all coalitions, and its lines sum to the SHAP values', () => {
    const random = seededRandom(3n);
    const d = 6;
    const columns = Array.from({ length: d }, () =>
      Float32Array.from({ length: 200 }, () => (random.next() < 0.1 ? Number.NaN : random.normal())),
    );
    const at = (c: number, i: number) => columns[c]![i]! || 0;
    const label = Float64Array.from(
      { length: 200 },
      (_, i) => at(0, i) * at(1, i) + at(2, i) * (at(3, i) > 0 ? 2 : -1),
    );
    const matrix = binned(columns, 16);
    const params = { rounds: 3, minRowsInLeaf: 2, maxLeaves: 20, maxDepth: 0 };
    const booster = trainBooster({ matrix, rows: all(200), label }, params);
    const rows = Uint32Array.of(5, 60, 199);
    const found = shapInteractions(booster, matrix, rows);
    const shap = treeShap(booster, matrix, rows).values;
    const bins = columns.map((_, c) => matrix.readColumn(c));
    const width = found.columns.length;
    rows.forEach((row, r) => {
      const game = Float64Array.from({ length: 2 ** d }, (_, coalition) =>
        booster.trees.reduce((sum, tree) => sum + worth(tree, bins, row, coalition), 0),
      );
      found.columns.forEach((i, a) => {
        const line = found.values.subarray((r * width + a) * width, (r * width + a + 1) * width);
        expect(line.reduce((sum, value) => sum + value, 0)).toBeCloseTo(shap[i * rows.length + r]!, 10);
        found.columns.forEach((j, b) => {
          if (i === j) return;
          let expected = 0;
          for (let s = 0; s < 2 ** d; s++) {
            if ((s >> i) & 1 || (s >> j) & 1) continue;
            const size = s.toString(2).replaceAll('0', '').length;
            const joint =
              game[s | (1 << i) | (1 << j)]! - game[s | (1 << i)]! - game[s | (1 << j)]! + game[s]!;
            expected += ((factorial(size) * factorial(d - size - 2)) / (2 * factorial(d - 1))) * joint;
          }
          expect(line[b]).toBeCloseTo(expected, 10);
        });
      });
    });
  });
});
