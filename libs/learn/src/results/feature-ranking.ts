import { createBooster } from '../boosting/create-booster.js';
import type { StackExplanation } from '../models/explain-stack.js';
import { GROWTHS, type TrainedModels } from '../models/train-models.js';

/** Importance of the retained features, by column of the small matrix. */
export interface FeatureRanking {
  /** Mean over the three boosters of the feature's share of the gain. */
  readonly importance: Float64Array;
  /** Mean |SHAP| in log-odds: of the stack, or of the boosters' mean where the stack gives them no weight. */
  readonly shapMeanAbs: Float64Array;
  readonly basis: 'stack' | 'boosters';
  /** From 1; by mean |SHAP|, then importance, then position. */
  readonly rank: Uint32Array;
  /** Columns in order of rank. */
  readonly order: readonly number[];
}

export function rankFeatures(models: TrainedModels, explanation: StackExplanation): FeatureRanking {
  const columns = explanation.stack.length;
  const shares = GROWTHS.map((growth) => gainShares(createBooster(models[growth].booster!).gain()));
  const mean = (arrays: readonly Float64Array[], column: number) =>
    arrays.reduce((sum, array) => sum + array[column]!, 0) / arrays.length;
  const importance = Float64Array.from({ length: columns }, (_, column) => mean(shares, column));
  const basis = explanation.stack.some((value) => value > 0) ? 'stack' : 'boosters';
  const shapMeanAbs =
    basis === 'stack'
      ? explanation.stack
      : explanation.stack.map((_, column) => mean(explanation.boosters, column));
  const order = [...shapMeanAbs.keys()].sort(
    (i, j) => shapMeanAbs[j]! - shapMeanAbs[i]! || importance[j]! - importance[i]! || i - j,
  );
  const rank = new Uint32Array(columns);
  order.forEach((column, k) => {
    rank[column] = k + 1;
  });
  return { importance, shapMeanAbs, basis, rank, order };
}

function gainShares(gain: Float64Array): Float64Array {
  const total = gain.reduce((sum, value) => sum + value, 0);
  return total > 0 ? gain.map((value) => value / total) : gain;
}
