import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import type { Booster, BoosterParts } from './booster.js';
import { RowScores } from './row-scores.js';
import type { Tree } from './tree.js';

/** Makes a booster of its parts. */
export function createBooster(parts: BoosterParts): Booster {
  const byColumn = (amount: (tree: Tree, node: number) => number) => {
    const sums = new Float64Array(parts.columns);
    for (const tree of parts.trees) {
      tree.column.forEach((column, node) => {
        sums[column]! += amount(tree, node);
      });
    }
    return sums;
  };
  return {
    ...parts,
    predictRaw: (matrix, rows) => predictRaw(parts, matrix, rows),
    gain: () => byColumn((tree, node) => tree.gain[node]!),
    splitCount: () => byColumn(() => 1),
  };
}

/** @throws Error when the matrix's bins are not those the model was trained on */
export function checkBins(parts: BoosterParts, matrix: BinnedMatrix): void {
  if (parts.fingerprint === undefined) throw new Error('the model knows values, not bins: use predictValues');
  if (parts.fingerprint !== matrix.fingerprint) {
    throw new Error(
      `the model was trained on other bins (${parts.columns} columns) than this matrix has (${matrix.columns} columns)`,
    );
  }
}

function predictRaw(parts: BoosterParts, matrix: BinnedMatrix, rows: Uint32Array): Float64Array {
  checkBins(parts, matrix);
  checkRows(rows, matrix.rows);
  const most = parts.trees.reduce((leaves, tree) => Math.max(leaves, tree.leafValue.length), 1);
  const scores = new RowScores(matrix, rows, most, parts.baseScore);
  try {
    for (const tree of parts.trees) scores.add(tree);
    return Float64Array.from(scores.scores);
  } finally {
    scores.release();
  }
}

/** @throws LearnInputError naming a row that the matrix does not have */
export function checkRows(rows: Uint32Array, limit: number): void {
  for (let i = 0; i < rows.length; i++) {
    if (rows[i]! >= limit) throw new LearnInputError(`row ${rows[i]} is not one of the matrix's ${limit}`);
  }
}
