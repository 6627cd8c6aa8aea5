import { DIRECTION_MODELS } from '../models/model-registry.js';
import type { Fold } from '../splits/walk-forward.js';
import { modelSizes, startingLogOdds } from './horizon-models.js';
import type { ModelColumns, ModelContext } from './model-context.js';
import { type ModelSizes, type TrainedModels, trainModels } from './train-models.js';

/** Predictions of one fold's models on its test rows; arrays run along `rows`. */
export interface FoldPredictions {
  readonly rows: Uint32Array;
  /** Log-odds the direction models started from. */
  readonly base: Float64Array;
  /** Log-odds each direction model added, in stacking order; empty when no feature was retained. */
  readonly added: readonly Float64Array[];
  /** Predicted unknown part; null when no feature was retained. */
  readonly unknown: { readonly booster: Float64Array; readonly ridge: Float64Array } | null;
}

export interface OutOfFold {
  readonly folds: readonly FoldPredictions[];
  /** The models of each fold; null where it has no feature. */
  readonly models: readonly (TrainedModels | null)[];
  /** What each fold with features decided on its inner validation. */
  readonly sizes: readonly ModelSizes[];
}

/**
 * Trains all models fold by fold and predicts the test rows, which no model of the fold has seen in fitting,
 * early stopping or choice of penalties.
 */
export function outOfFold(
  context: ModelContext,
  folds: readonly Fold[],
  onProgress: (fraction: number) => void = () => undefined,
): OutOfFold {
  const margins = startingLogOdds(
    context,
    folds.map(({ train }) => train),
  );
  const sets = folds.map(({ train, test }, part) => ({
    rows: train,
    margin: margins[part]!,
    part,
    predict: test,
    ...columnsOf(context, part),
  }));
  const matrix = context.folds?.matrix ?? context.matrix;
  const able = sets.filter(({ columns }) => columns.length > 0);
  const trained = matrix && able.length > 0 ? trainModels(context, matrix, able, onProgress) : [];
  const models = sets.map((set) => trained[able.indexOf(set)] ?? null);
  return {
    folds: sets.map(({ margin, predict }, part) => ({
      rows: predict,
      base: Float64Array.from(predict, (row) => margin[row]!),
      ...predictions(models[part]!, matrix ? predict.length : 0),
    })),
    models,
    sizes: trained.map(modelSizes),
  };
}

function columnsOf({ matrix, linearColumns, folds }: ModelContext, part: number): ModelColumns {
  if (folds) return folds.columns[part]!;
  return { columns: Array.from({ length: matrix?.columns ?? 0 }, (_, column) => column), linearColumns };
}

/** @param rows of a fold that found no feature while others did: its models add nothing */
function predictions(models: TrainedModels | null, rows: number): Pick<FoldPredictions, 'added' | 'unknown'> {
  if (!models && rows === 0) return { added: [], unknown: null };
  if (!models) {
    const nothing = () => new Float64Array(rows);
    return { added: DIRECTION_MODELS.map(nothing), unknown: { booster: nothing(), ridge: nothing() } };
  }
  return {
    added: DIRECTION_MODELS.map((name) => models[name].prediction),
    unknown: { booster: models.value.prediction, ridge: models.ridge.prediction },
  };
}

/** Several folds as one, in time order. */
export function joinFolds(folds: readonly FoldPredictions[]): FoldPredictions {
  const join = (of: (fold: FoldPredictions) => Float64Array) => {
    const parts = folds.map(of);
    const joined = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  };
  const trained = folds.length > 0 && folds.every((fold) => fold.unknown !== null);
  return {
    rows: Uint32Array.from(join((fold) => Float64Array.from(fold.rows))),
    base: join((fold) => fold.base),
    added: trained ? DIRECTION_MODELS.map((_, m) => join((fold) => fold.added[m]!)) : [],
    unknown: trained
      ? { booster: join((fold) => fold.unknown!.booster), ridge: join((fold) => fold.unknown!.ridge) }
      : null,
  };
}
