import type { CrossFitStack } from '../stacking/cross-fit-stack.js';
import { stackLogOdds } from '../stacking/stack-log-odds.js';
import {
  addedLogOdds,
  type Complexity,
  DIRECTION_MODELS,
  GROWTHS,
  type HorizonModels,
  medianComplexity,
  startingLogOdds,
  trainHorizonModels,
  unknownValues,
} from './horizon-models.js';
import type { ModelContext } from './model-context.js';

/** Models refit on all development rows and what they say of the final segment. */
export interface FinalModels {
  readonly models: HorizonModels;
  readonly probability: Float64Array;
  readonly byModel: readonly { readonly name: string; readonly probability: Float64Array }[];
  readonly values: readonly { readonly name: string; readonly prediction: Float64Array }[];
  /** Factor of each booster's raw output in the stack's (calibrated, where that is linear) log-odds. */
  readonly scales: readonly number[];
}

export interface FinalTask {
  readonly development: Uint32Array;
  readonly final: Uint32Array;
  readonly complexities: readonly Complexity[];
  readonly crossFit: CrossFitStack;
  readonly part: number;
  readonly onModel: () => void;
}

/**
 * Refits every model on all development rows, as complex as the median fold found best, and predicts the
 * final segment with stack and calibrators of the out-of-fold rows.
 */
export function finalModels(context: ModelContext, task: FinalTask): FinalModels {
  const { development, final, crossFit } = task;
  const margin = startingLogOdds(context, development);
  const complexity = medianComplexity(task.complexities);
  const models = trainHorizonModels(context, {
    rows: development,
    margin,
    part: task.part,
    complexity,
    onModel: task.onModel,
  });
  const base = Float64Array.from(final, (row) => margin[row]!);
  const added = addedLogOdds(context, models, final);
  const logOdds = stackLogOdds(crossFit.stack, base, added);
  const unknown = unknownValues(context, models, final);
  const slope = crossFit.calibrator.linear?.slope ?? 1;
  return {
    models,
    probability: crossFit.calibrator.calibrate(logOdds),
    byModel: DIRECTION_MODELS.map((name, m) => ({
      name,
      probability: crossFit.modelCalibrators[m]!.calibrate(added[m]!.map((value, k) => value + base[k]!)),
    })),
    values: [
      { name: 'booster', prediction: unknown.booster },
      { name: 'ridge', prediction: unknown.ridge },
      { name: 'mean', prediction: unknown.booster.map((value, k) => (value + unknown.ridge[k]!) / 2) },
    ],
    scales: GROWTHS.map((_, m) => slope * crossFit.stack.weights[m]!),
  };
}
