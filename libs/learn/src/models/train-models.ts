import { type BinnedMatrixHandle } from '../binning/matrix-storage.js';
import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import type { BoosterParts } from '../boosting/booster.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { HorizonData } from '../data/horizon-data.js';
import { subseed } from '../numeric/seeded-random.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import type { LinearFit } from '../regression/linear-fit.js';
import { type PenalisedLinear, trainLogistic, trainRidge } from '../regression/penalised-linear.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { trainBoosted } from './boosted-model.js';
import { type ModelContext, retainedMatrix } from './model-context.js';

/** The growth styles of the boosted direction models, in stacking order; the logistic model comes after them. */
export const GROWTHS = ['leaf', 'level', 'symmetric'] as const;

/** Names of the direction models in stacking order. */
export const DIRECTION_MODELS = [...GROWTHS, 'logistic'] as const;
export type DirectionName = (typeof DIRECTION_MODELS)[number];

/** All models of a horizon, the slowest to train first: for direction, and `value` and `ridge` for the unknown part. */
const MODELS = ['leaf', 'value', 'level', 'symmetric', 'logistic', 'ridge'] as const;
export type ModelName = (typeof MODELS)[number];

/** Number of trees of a booster, penalty of a linear model. */
export type ModelSizes = Readonly<Record<ModelName, number>>;

/** Rows to train all models on. */
export interface TrainingSet {
  readonly rows: Uint32Array;
  /** Log-odds the direction models start from, indexed by row number. */
  readonly margin: Float64Array;
  /** Distinguishes the seeds of folds. */
  readonly part: number;
  /** Given for the final models; else decided on an inner purged validation. */
  readonly sizes?: ModelSizes;
  /** Rows to predict. */
  readonly predict: Uint32Array;
}

/** A trained model as plain data. */
export interface TrainedModel {
  /** At the rows to predict: log-odds added to the margin, or the unknown part. */
  readonly prediction: Float64Array;
  readonly size: number;
  /** One of the two is there. */
  readonly booster: BoosterParts | null;
  readonly linear: LinearFit | null;
}

export type TrainedModels = Readonly<Record<ModelName, TrainedModel>>;

interface Training {
  readonly matrix: BinnedMatrixHandle;
  readonly linearColumns: readonly number[];
  readonly data: HorizonData;
  readonly config: LearnConfig;
  readonly seed: bigint;
  readonly sets: readonly TrainingSet[];
}

interface OneModel {
  readonly set: number;
  readonly model: ModelName;
}

/** One model on one training set. */
export const TRAINED_MODEL: PieceKind<Training, OneModel, TrainedModel> = {
  name: 'trained-model',
  compute: ({ matrix, sets, ...rest }, { set, model }, hooks) => {
    const isCancelled = () => hooks.isCancelled?.() ?? false;
    return trainModel({ ...rest, matrix: openBinnedMatrix(matrix), isCancelled }, sets[set]!, model, hooks);
  },
};

/**
 * Trains three boosters and a logistic regression for direction, a booster and a ridge regression for the
 * value of the unknown part, on every training set; all are independent of each other.
 *
 * @returns one record of models a set
 * @throws CancelledError when asked to stop
 */
export function trainModels(
  context: ModelContext,
  sets: readonly TrainingSet[],
  onProgress: (fraction: number) => void = () => undefined,
): TrainedModels[] {
  const { linearColumns, data, config, seed, pool, isCancelled } = context;
  const matrix = retainedMatrix(context).handle;
  const pieces = MODELS.flatMap((model) => sets.map((_, set): OneModel => ({ set, model })));
  const shared = { matrix, linearColumns, data, config, seed, sets };
  const trained = pool.compute(TRAINED_MODEL, shared, pieces, { isCancelled, onProgress });
  return sets.map((_, set) => {
    const models = pieces.flatMap(({ model, set: of }, k) => (of === set ? [[model, trained[k]!]] : []));
    return Object.fromEntries(models) as TrainedModels;
  });
}

function trainModel(
  context: Omit<ModelContext, 'pool'>,
  set: TrainingSet,
  model: ModelName,
  hooks: ProgressHooks,
): TrainedModel {
  const { rows, margin, sizes, predict } = set;
  if (model === 'logistic' || model === 'ridge') {
    const penalty = sizes ? { penalty: sizes[model] } : {};
    return linearModel(
      model === 'ridge'
        ? trainRidge(context, { rows, ...penalty })
        : trainLogistic(context, { rows, offset: margin, ...penalty }),
      predict,
    );
  }
  const { data, config, seed } = context;
  const isValue = model === 'value';
  const booster = trainBoosted(context, {
    objective: isValue ? 'squared' : 'logistic',
    growth: isValue ? 'leaf' : model,
    settings: config.models[model],
    rows,
    label: isValue ? data.unknown : data.up,
    ...(isValue ? {} : { margin }),
    seed: subseed(seed, set.part, isValue ? GROWTHS.length : GROWTHS.indexOf(model)),
    ...(sizes ? { trees: sizes[model] } : {}),
    onProgress: (fraction) => hooks.onProgress?.(fraction),
  });
  const { predictRaw, gain: _, splitCount: __, ...parts } = booster;
  return {
    prediction: predictRaw(retainedMatrix(context), predict),
    size: booster.trees.length,
    booster: parts,
    linear: null,
  };
}

function linearModel({ predict, penalty, fit }: PenalisedLinear, rows: Uint32Array): TrainedModel {
  return { prediction: predict(rows), size: penalty, booster: null, linear: fit };
}
