import { type BoosterParams } from '../boosting/booster-params.js';
import { trainBooster } from '../boosting/train-booster.js';
import { type Booster } from '../boosting/booster.js';
import type { GrowthConfig } from '../config/learn-config.js';
import { CancelledError } from '../errors/cancelled-error.js';
import { innerSplit } from './inner-split.js';
import { type ModelContext, retainedMatrix } from './model-context.js';

export interface BoostedTask {
  readonly objective: 'logistic' | 'squared';
  readonly growth: 'leaf' | 'level' | 'symmetric';
  readonly settings: GrowthConfig;
  readonly rows: Uint32Array;
  /** Indexed by row number. */
  readonly label: Float64Array;
  /** Raw score the trees start from, indexed by row number. */
  readonly margin?: Float64Array;
  /** Number of trees when it is already decided; else early stopping on an inner purged validation. */
  readonly trees?: number;
  readonly seed: bigint;
  readonly onProgress?: (fraction: number) => void;
}

/**
 * Trains one booster. Without `trees`, the last part of `rows` only decides when to stop and the trees are
 * fitted on the rows before it.
 *
 * @throws CancelledError when asked to stop
 */
export function trainBoosted(context: Omit<ModelContext, 'pool'>, task: BoostedTask): Booster {
  const { data, config } = context;
  const { earlyStoppingRounds } = config.models;
  const stops = task.trees === undefined && earlyStoppingRounds > 0;
  const split = stops
    ? innerSplit(task.rows, data.bar, data.geometry, config.protocol.innerShare)
    : { fit: task.rows };
  const params = {
    ...task.settings,
    objective: task.objective,
    growth: task.growth,
    rounds: task.trees ?? task.settings.rounds,
    earlyStoppingRounds: stops ? earlyStoppingRounds : 0,
    seed: task.seed,
  } satisfies Partial<BoosterParams>;
  const booster = trainBooster(
    {
      matrix: retainedMatrix(context),
      rows: split.fit,
      label: task.label,
      ...(task.margin ? { margin: task.margin } : {}),
      ...('validation' in split ? { validationRows: split.validation } : {}),
    },
    params,
    {
      isCancelled: context.isCancelled,
      onRound: (round) => task.onProgress?.(round / params.rounds),
    },
  );
  if (context.isCancelled()) throw new CancelledError('boosting');
  return booster;
}
