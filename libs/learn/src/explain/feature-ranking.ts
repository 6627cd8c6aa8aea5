import { createBooster } from '../boosting/create-booster.js';
import { BOOSTER_NAMES } from '../models/model-registry.js';
import type { TrainedModels } from '../training/train-models.js';
import type { Explanation } from './explain-horizon.js';

/** Importance of the retained features, by column of the small matrix. */
export interface FeatureRanking {
  /** Mean over the three boosters of the feature's share of the gain. */
  readonly importance: Float64Array;
  /** Mean |SHAP| in the stack's log-odds. */
  readonly shapMeanAbs: Float64Array;
  /** What ranks rest on: the boosters' mean |SHAP| where the stack gives no model any weight. */
  readonly basis: 'stack' | 'boosters';
  /** From 1; by mean |SHAP|, then importance, then position. */
  readonly rank: Uint32Array;
  /** Columns in order of rank. */
  readonly order: readonly number[];
}

export function rankFeatures(models: TrainedModels, explanation: Explanation): FeatureRanking {
  const { features: shapMeanAbs, models: explained } = explanation.outputs[0]!;
  const columns = shapMeanAbs.length;
  const mean = (arrays: readonly Float64Array[]) =>
    Float64Array.from(
      { length: columns },
      (_, column) => arrays.reduce((sum, array) => sum + array[column]!, 0) / arrays.length,
    );
  const importance = mean(
    BOOSTER_NAMES.map((name) => gainShares(createBooster(models[name].booster!).gain())),
  );
  const basis = shapMeanAbs.some((value) => value > 0) ? 'stack' : 'boosters';
  const ranked = basis === 'stack' ? shapMeanAbs : mean(BOOSTER_NAMES.map((_, b) => explained[b]!.meanAbs));
  const order = [...shapMeanAbs.keys()].sort(
    (i, j) => ranked[j]! - ranked[i]! || importance[j]! - importance[i]! || i - j,
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
