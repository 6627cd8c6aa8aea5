import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { Booster } from '../boosting/booster.js';
import { checkBins, checkRows } from '../boosting/create-booster.js';
import type { Tree } from '../boosting/tree.js';
import { type LeafPath, leafPaths } from './leaf-paths.js';
import { treeShap } from './tree-shap.js';

/** SHAP interaction values: for every row a symmetric matrix over `columns` whose lines sum to the SHAP values. */
export interface ShapInteractions {
  /** Matrix columns that the model uses, ascending: the lines of the matrices. */
  readonly columns: readonly number[];
  /** [row][line][line], rows in the order given. */
  readonly values: Float64Array;
}

/**
 * Exact path-dependent SHAP interaction values (Lundberg et al. 2020, eq. 10: the Shapley interaction index,
 * shared equally between both columns; the diagonal holds the main effects). For a leaf of value v whose
 * path has k distinct columns,
 *
 *   phi_ij = v / 2 (one_i - z_i) (one_j - z_j) sum_{S without i, j} |S|! (k - |S| - 2)! / (k - 1)!
 *            prod_{l in S} one_l prod_{l not in S} z_l.
 *
 * Costs O(leaves k^3) a row and tree: meant for some hundred rows.
 *
 * @throws Error when the matrix has other bins than the model, or when SHAP additivity fails
 */
export function shapInteractions(
  booster: Booster,
  matrix: BinnedMatrix,
  rows: Uint32Array,
): ShapInteractions {
  const columns = [...new Set(booster.trees.flatMap((tree) => [...tree.column]))].sort((a, b) => a - b);
  const width = columns.length;
  const lines = new Map(columns.map((column, line) => [column, line]));
  const values = new Float64Array(rows.length * width * width);
  forEachInteraction(
    booster,
    matrix,
    rows,
    () => true,
    (position, i, j, share) => {
      const own = values.subarray(position * width * width, (position + 1) * width * width);
      own[lines.get(i)! * width + lines.get(j)!]! += share;
      own[lines.get(j)! * width + lines.get(i)!]! += share;
    },
  );
  fillDiagonals(values, columns, treeShap(booster, matrix, rows).values, rows.length);
  return { columns, values };
}

/**
 * Hands out, leaf by leaf, what pairs of different columns do together in each row: the value of one of the two equal
 * halves phi_ij = phi_ji.
 *
 * @param wanted columns that both have to be for a pair to be computed
 * @param add gets position in `rows`, both columns and the share
 * @throws Error when the matrix has other bins than the model
 */
export function forEachInteraction(
  booster: Booster,
  matrix: BinnedMatrix,
  rows: Uint32Array,
  wanted: (column: number) => boolean,
  add: (position: number, i: number, j: number, share: number) => void,
): void {
  checkBins(booster, matrix);
  checkRows(rows, matrix.rows);
  const used = new Set(booster.trees.flatMap((tree) => [...tree.column]));
  const bins = new Map([...used].map((column) => [column, matrix.readColumn(column)]));
  for (const tree of booster.trees) {
    const paths = leafPaths(tree).filter(({ columns }) => columns.filter(wanted).length > 1);
    rows.forEach((row, position) => {
      const goesLeft = (node: number) => {
        const bin = bins.get(tree.column[node]!)![row]!;
        return bin === 0 ? tree.missingLeft[node] === 1 : bin <= tree.bin![node]!;
      };
      for (const path of paths) {
        addPairs(tree, path, { goesLeft, wanted }, (i, j, share) => add(position, i, j, share));
      }
    });
  }
}

/** What a column has beyond its interactions is its main effect. */
function fillDiagonals(
  values: Float64Array,
  columns: readonly number[],
  shap: Float64Array,
  rows: number,
): void {
  const width = columns.length;
  for (let row = 0; row < rows; row++) {
    columns.forEach((column, line) => {
      const start = (row * width + line) * width;
      const shared = values.subarray(start, start + width).reduce((sum, value) => sum + value, 0);
      values[start + line] = shap[column * rows + row]! - shared;
    });
  }
}

function addPairs(
  tree: Tree,
  path: LeafPath,
  { goesLeft, wanted }: { goesLeft(node: number): boolean; wanted(column: number): boolean },
  add: (i: number, j: number, share: number) => void,
): void {
  const k = path.columns.length;
  const ones = new Float64Array(k).fill(1);
  for (const { node, left, feature } of path.conditions) if (goesLeft(node) !== left) ones[feature] = 0;
  const asked = path.columns.map(wanted);
  for (let i = 0; i < k; i++) {
    for (let j = i + 1; j < k; j++) {
      if (!asked[i] || !asked[j]) continue;
      const factor = (ones[i]! - path.zeros[i]!) * (ones[j]! - path.zeros[j]!);
      const share = 0.5 * tree.leafValue[path.leaf]! * factor * weightedSubsets(path.zeros, ones, i, j);
      if (share !== 0) add(path.columns[i]!, path.columns[j]!, share);
    }
  }
}

/** sum_s s! (k - s - 2)! / (k - 1)! times the coefficient of t^s in prod_{l not i, j} (z_l + one_l t). */
function weightedSubsets(zeros: readonly number[], ones: Float64Array, i: number, j: number): number {
  const k = zeros.length;
  let polynomial = [1];
  for (let l = 0; l < k; l++) {
    if (l === i || l === j) continue;
    const [zero, one] = [zeros[l]!, ones[l]!];
    polynomial = Array.from(
      { length: polynomial.length + 1 },
      (_, s) => (polynomial[s] ?? 0) * zero + (polynomial[s - 1] ?? 0) * one,
    );
  }
  // The weight of s = 0 is (k - 2)! / (k - 1)!; each next one is that before times s / (k - 1 - s).
  let weight = 1 / (k - 1);
  let sum = 0;
  polynomial.forEach((coefficient, s) => {
    if (s > 0) weight *= s / (k - 1 - s);
    sum += weight * coefficient;
  });
  return sum;
}
