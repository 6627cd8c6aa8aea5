import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { BinnedMatrixHandle } from '../binning/matrix-storage.js';
import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { TrainContext, TrainedModel, TrainTask } from '../models/model-entry.js';
import {
  BOOSTED_ENTRIES,
  isBoosted,
  MODEL_ENTRIES,
  MODEL_NAMES,
  type ModelName,
} from '../models/model-registry.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import type { PieceKind } from '../threads/piece-kind.js';
import type { ModelContext } from './model-context.js';

/** Number of trees of a booster, penalty of a linear model. */
export type ModelSizes = Readonly<Record<ModelName, number>>;

export type TrainedModels = Readonly<Record<ModelName, TrainedModel>>;

/** Rows to train all models on. */
export interface TrainingSet extends Omit<TrainTask, 'size'> {
  /** Given for the final models; else decided on an inner purged validation. */
  readonly sizes?: ModelSizes;
}

interface Training extends Omit<TrainContext, 'matrix' | 'config'> {
  readonly matrix: BinnedMatrixHandle;
  readonly config: LearnConfig;
  readonly sets: readonly TrainingSet[];
}

interface OneModel {
  readonly set: number;
  readonly model: ModelName;
}

/** One model on one training set. */
export const TRAINED_MODEL: PieceKind<Training, OneModel, TrainedModel> = {
  name: 'trained-model',
  compute: ({ matrix, sets, ...rest }, { set, model }, hooks) =>
    trainModel({ ...rest, matrix: openBinnedMatrix(matrix) }, sets[set]!, model, hooks),
};

/**
 * Trains all models of the registry, for direction and for the value of the unknown part, on every training set; all
 * are independent of each other.
 *
 * @returns one record of models a set
 * @throws CancelledError when asked to stop
 */
export function trainModels(
  context: Omit<ModelContext, 'matrix' | 'linearColumns' | 'folds'>,
  matrix: BinnedMatrix,
  sets: readonly TrainingSet[],
  onProgress: (fraction: number) => void = () => undefined,
): TrainedModels[] {
  const { data, config, seed, pool, isCancelled } = context;
  const pieces = slowestFirst(config).flatMap((model) => sets.map((_, set): OneModel => ({ set, model })));
  const shared = { matrix: matrix.handle, data, config, seed, sets };
  const trained = pool.compute(TRAINED_MODEL, shared, pieces, { isCancelled, onProgress });
  return sets.map((_, set) => {
    const models = pieces.flatMap(({ model, set: of }, k) => (of === set ? [[model, trained[k]!]] : []));
    return Object.fromEntries(models) as TrainedModels;
  });
}

/** By about how many leaves they grow; it decides nothing but how long threads wait for the last one. */
function slowestFirst(config: LearnConfig): ModelName[] {
  const cost = (name: ModelName) =>
    isBoosted(name) ? config.models[name].rounds * config.models[name].maxLeaves : 0;
  return [...MODEL_NAMES].sort((a, b) => cost(b) - cost(a));
}

function trainModel(
  context: TrainContext & { readonly config: LearnConfig },
  { sizes, ...set }: TrainingSet,
  model: ModelName,
  hooks: ProgressHooks,
): TrainedModel {
  const task = sizes ? { ...set, size: sizes[model] } : set;
  if (isBoosted(model))
    return BOOSTED_ENTRIES[model].train(context, context.config.models[model], task, hooks);
  return MODEL_ENTRIES[model].train(context, task);
}
