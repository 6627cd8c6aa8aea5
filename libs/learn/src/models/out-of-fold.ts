import type { Fold } from '../splits/walk-forward.js';
import {
  addedLogOdds,
  type Complexity,
  DIRECTION_MODELS,
  startingLogOdds,
  trainHorizonModels,
  unknownValues,
} from './horizon-models.js';
import type { ModelContext } from './model-context.js';

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
  /** What each fold decided on its inner validation; empty when no feature was retained. */
  readonly complexities: readonly Complexity[];
}

/**
 * Trains all models fold by fold and predicts the test rows, which no model of the fold has seen in fitting,
 * early stopping or choice of penalties.
 */
export function outOfFold(
  context: ModelContext,
  folds: readonly Fold[],
  onModel: () => void = () => undefined,
): OutOfFold {
  const complexities: Complexity[] = [];
  const predictions = folds.map((fold, part): FoldPredictions => {
    const margin = startingLogOdds(context, fold.train);
    const base = Float64Array.from(fold.test, (row) => margin[row]!);
    if (!context.matrix) return { rows: fold.test, base, added: [], unknown: null };
    const models = trainHorizonModels(context, { rows: fold.train, margin, part, onModel });
    complexities.push(models.complexity);
    return {
      rows: fold.test,
      base,
      added: addedLogOdds(context, models, fold.test),
      unknown: unknownValues(context, models, fold.test),
    };
  });
  return { folds: predictions, complexities };
}

/** Several folds as one, in time order. */
export function joinFolds(folds: readonly FoldPredictions[]): FoldPredictions {
  const join = (arrays: readonly Float64Array[]) => Float64Array.from(arrays.flatMap((array) => [...array]));
  const trained = folds.length > 0 && folds.every((fold) => fold.unknown !== null);
  return {
    rows: Uint32Array.from(folds.flatMap((fold) => [...fold.rows])),
    base: join(folds.map((fold) => fold.base)),
    added: trained ? DIRECTION_MODELS.map((_, m) => join(folds.map((fold) => fold.added[m]!))) : [],
    unknown: trained
      ? {
          booster: join(folds.map((fold) => fold.unknown!.booster)),
          ridge: join(folds.map((fold) => fold.unknown!.ridge)),
        }
      : null,
  };
}
