import { overlapLogOdds } from '../baselines/overlap-logistic.js';
import { logit } from '../metrics/sigmoid.js';
import type { ModelContext } from './model-context.js';
import type { ModelName, ModelSizes, TrainedModels } from './train-models.js';

/** Where direction models start: the overlap baseline or the base rate, fitted on `rows`. */
export function startingLogOdds(
  { data, config }: Pick<ModelContext, 'data' | 'config'>,
  rows: Uint32Array,
): Float64Array {
  if (config.models.start === 'overlap') return overlapLogOdds(data, rows);
  const ups = rows.reduce((count, row) => count + data.up[row]!, 0);
  return new Float64Array(data.up.length).fill(logit((ups + 1) / (rows.length + 2)));
}

/** Trees and penalties that were decided on inner validations. */
export function modelSizes(models: TrainedModels): ModelSizes {
  const sizes = Object.entries(models).map(([name, { size }]) => [name, size]);
  return Object.fromEntries(sizes) as ModelSizes;
}

/** Median over folds, which one odd fold does not move; at least one tree. */
export function medianSizes(folds: readonly ModelSizes[]): ModelSizes {
  const median = (name: ModelName) => {
    const sorted = folds.map((fold) => fold[name]).sort((a, b) => a - b);
    const middle = sorted[(sorted.length - 1) >> 1]!;
    return name === 'logistic' || name === 'ridge' ? middle : Math.max(1, middle);
  };
  const names = Object.keys(folds[0]!) as ModelName[];
  return Object.fromEntries(names.map((name) => [name, median(name)])) as ModelSizes;
}
