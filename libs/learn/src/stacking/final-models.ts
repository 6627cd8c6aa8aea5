import { DIRECTION_MODELS, type DirectionName } from '../models/model-registry.js';
import { medianSizes, modelSizes, startingLogOdds } from '../training/horizon-models.js';
import { type ModelContext, retainedMatrix } from '../training/model-context.js';
import { type ModelSizes, type TrainedModels, trainModels } from '../training/train-models.js';
import type { CrossFitStack } from './cross-fit-stack.js';
import { stackLogOdds } from './stack-log-odds.js';

/** The models of the unknown part, and their mean. */
export type ValueModelName = 'booster' | 'ridge' | 'mean';

/** Models refit on all development rows and what they say of the final segment. */
export interface FinalModels {
  readonly models: TrainedModels;
  readonly sizes: ModelSizes;
  readonly probability: Float64Array;
  readonly byModel: readonly { readonly name: DirectionName; readonly probability: Float64Array }[];
  readonly values: readonly { readonly name: ValueModelName; readonly prediction: Float64Array }[];
  /** Log-odds the direction models started from, indexed by row number. */
  readonly margin: Float64Array;
  /** Of the stack on the final segment, not calibrated. */
  readonly logOdds: Float64Array;
}

export interface FinalTask {
  readonly development: Uint32Array;
  readonly final: Uint32Array;
  /** What the folds decided. */
  readonly sizes: readonly ModelSizes[];
  readonly crossFit: CrossFitStack;
  readonly part: number;
  /** Log-odds the direction models start from, where they are known already. */
  readonly margin?: Float64Array | undefined;
  readonly onProgress: (fraction: number) => void;
}

/**
 * Refits every model on all development rows, as complex as the median fold found best, and predicts the
 * final segment with stack and calibrators of the out-of-fold rows.
 */
export function finalModels(context: ModelContext, task: FinalTask): FinalModels {
  const { development, final, crossFit } = task;
  const matrix = retainedMatrix(context);
  const margin = task.margin ?? startingLogOdds(context, [development])[0]!;
  const set = {
    rows: development,
    margin,
    part: task.part,
    columns: Array.from({ length: matrix.columns }, (_, column) => column),
    linearColumns: context.linearColumns,
    // No fold had a feature: the models decide for themselves, on an inner purged validation.
    ...(task.sizes.length > 0 ? { sizes: medianSizes(task.sizes) } : {}),
    predict: final,
  };
  const models = trainModels(context, matrix, [set], task.onProgress)[0]!;
  const base = Float64Array.from(final, (row) => margin[row]!);
  const added = DIRECTION_MODELS.map((name) => models[name].prediction);
  const logOdds = stackLogOdds(crossFit.stack, base, added);
  const booster = models.value.prediction;
  const ridge = models.ridge.prediction;
  return {
    models,
    sizes: modelSizes(models),
    probability: crossFit.calibrator.calibrate(logOdds),
    byModel: DIRECTION_MODELS.map((name, m) => ({
      name,
      probability: crossFit.modelCalibrators[m]!.calibrate(added[m]!.map((value, k) => value + base[k]!)),
    })),
    values: [
      { name: 'booster', prediction: booster },
      { name: 'ridge', prediction: ridge },
      { name: 'mean', prediction: booster.map((value, k) => (value + ridge[k]!) / 2) },
    ],
    margin,
    logOdds,
  };
}
