import { LearnInputError } from '../errors/learn-input-error.js';
import type { Booster } from './booster.js';
import { leafOf } from './tree.js';

/**
 * Raw scores from raw values: works for models read from elsewhere, and for own models on values that
 * were never binned (equal to `predictRaw` on the binned ones).
 *
 * @param values by column, then row; NaN where missing
 * @param rows rows to predict, in the order of the result
 * @throws LearnInputError when columns are missing
 */
export function predictValues(
  booster: Booster,
  values: readonly ArrayLike<number>[],
  rows: Uint32Array,
): Float64Array {
  if (values.length < booster.columns) {
    throw new LearnInputError(`${values.length} columns of values, the model has ${booster.columns}`);
  }
  const scores = new Float64Array(rows.length).fill(booster.baseScore);
  for (const tree of booster.trees) {
    const { column, threshold, missingLeft, leafValue } = tree;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const leaf = leafOf(tree, (node) => {
        const value = values[column[node]!]![row]!;
        return Number.isNaN(value) ? missingLeft[node] === 1 : value <= threshold[node]!;
      });
      scores[i]! += leafValue[leaf]!;
    }
  }
  return scores;
}
