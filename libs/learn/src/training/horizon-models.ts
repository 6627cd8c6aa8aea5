import { fittedLogOdds } from '../baselines/fitted-log-odds.js';
import { isBoosted, type ModelName } from '../models/model-registry.js';
import type { ModelContext } from './model-context.js';
import type { ModelSizes, TrainedModels } from './train-models.js';

/**
 * Where direction models start, for every row: the overlap baseline or the base rate, fitted on each of the
 * sets of rows.
 *
 * @param rule as configured unless another is wanted
 * @throws CancelledError
 */
export function startingLogOdds(
  context: Pick<ModelContext, 'data' | 'config' | 'pool' | 'isCancelled'>,
  sets: readonly Uint32Array[],
  rule = context.config.models.start,
): Float64Array[] {
  const fits = sets.map((fitRows) => ({ rule, fitRows }));
  // Expanding sets of rows: the last take longest and go first.
  return fittedLogOdds({ data: context.data }, fits.reverse(), context).reverse();
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
    return isBoosted(name) ? Math.max(1, middle) : middle;
  };
  const names = Object.keys(folds[0]!) as ModelName[];
  return Object.fromEntries(names.map((name) => [name, median(name)])) as ModelSizes;
}
