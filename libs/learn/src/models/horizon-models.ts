import { overlapLogOdds } from '../baselines/overlap-logistic.js';
import type { Booster } from '../boosting/booster.js';
import { logit } from '../metrics/sigmoid.js';
import { subseed } from '../seeded-random.js';
import { trainBoosted } from './boosted-model.js';
import { checkCancelled, type ModelContext, retainedMatrix } from './model-context.js';
import { type PenalisedLinear, trainLogistic, trainRidge } from './penalised-linear.js';

/** The growth styles of the boosted direction models, in stacking order; the logistic model comes after them. */
export const GROWTHS = ['leaf', 'level', 'symmetric'] as const;

/** Names of the direction models in stacking order. */
export const DIRECTION_MODELS = [...GROWTHS, 'logistic'] as const;
export type DirectionName = (typeof DIRECTION_MODELS)[number];

/** Complexity decided on inner validations; what the final models are trained with. */
export interface Complexity {
  readonly trees: Readonly<Record<(typeof GROWTHS)[number] | 'value', number>>;
  readonly logisticPenalty: number;
  readonly ridgePenalty: number;
}

/** All models of a horizon trained on one set of rows. */
export interface HorizonModels {
  readonly boosters: Readonly<Record<(typeof GROWTHS)[number], Booster>>;
  readonly logistic: PenalisedLinear;
  readonly valueBooster: Booster;
  readonly ridge: PenalisedLinear;
  readonly complexity: Complexity;
}

export interface TrainTask {
  readonly rows: Uint32Array;
  /** Log-odds the direction models start from, indexed by row number. */
  readonly margin: Float64Array;
  /** Distinguishes the seeds of folds. */
  readonly part: number;
  /** Given for the final models; else decided on an inner purged validation. */
  readonly complexity?: Complexity;
  readonly onModel?: () => void;
}

/** Where direction models start: the overlap baseline or the base rate, fitted on `rows`. */
export function startingLogOdds(context: ModelContext, rows: Uint32Array): Float64Array {
  const { data, config } = context;
  if (config.models.start === 'overlap') return overlapLogOdds(data, rows);
  const ups = rows.reduce((count, row) => count + data.up[row]!, 0);
  return new Float64Array(data.up.length).fill(logit((ups + 1) / (rows.length + 2)));
}

/**
 * Trains three boosters and a logistic regression for direction, a booster and a ridge regression for the
 * value of the unknown part.
 *
 * @throws CancelledError when asked to stop
 */
export function trainHorizonModels(context: ModelContext, task: TrainTask): HorizonModels {
  const { data, config, seed } = context;
  const { rows, margin, part, complexity } = task;
  const done = () => {
    task.onModel?.();
    checkCancelled(context, 'model');
  };
  const boosters = {} as Record<(typeof GROWTHS)[number], Booster>;
  GROWTHS.forEach((growth, k) => {
    boosters[growth] = trainBoosted(context, {
      objective: 'logistic',
      growth,
      settings: config.models[growth],
      rows,
      label: data.up,
      margin,
      seed: subseed(seed, part, k),
      ...(complexity ? { trees: complexity.trees[growth] } : {}),
    });
    done();
  });
  const valueBooster = trainBoosted(context, {
    objective: 'squared',
    growth: 'leaf',
    settings: config.models.value,
    rows,
    label: data.unknown,
    seed: subseed(seed, part, GROWTHS.length),
    ...(complexity ? { trees: complexity.trees.value } : {}),
  });
  done();
  const logistic = trainLogistic(context, {
    rows,
    offset: margin,
    ...(complexity ? { penalty: complexity.logisticPenalty } : {}),
  });
  done();
  const ridge = trainRidge(context, { rows, ...(complexity ? { penalty: complexity.ridgePenalty } : {}) });
  done();
  return {
    boosters,
    logistic,
    valueBooster,
    ridge,
    complexity: {
      trees: {
        leaf: boosters.leaf.trees.length,
        level: boosters.level.trees.length,
        symmetric: boosters.symmetric.trees.length,
        value: valueBooster.trees.length,
      },
      logisticPenalty: logistic.penalty,
      ridgePenalty: ridge.penalty,
    },
  };
}

/** Log-odds each direction model adds to the margin at `rows`, in stacking order. */
export function addedLogOdds(
  context: ModelContext,
  models: HorizonModels,
  rows: Uint32Array,
): Float64Array[] {
  const matrix = retainedMatrix(context);
  return [
    ...GROWTHS.map((growth) => models.boosters[growth].predictRaw(matrix, rows)),
    models.logistic.predict(rows),
  ];
}

/** Predicted unknown part at `rows` by booster and ridge. */
export function unknownValues(context: ModelContext, models: HorizonModels, rows: Uint32Array) {
  return {
    booster: models.valueBooster.predictRaw(retainedMatrix(context), rows),
    ridge: models.ridge.predict(rows),
  };
}

/** Median over folds, which one odd fold does not move. */
export function medianComplexity(folds: readonly Complexity[]): Complexity {
  const median = (pick: (complexity: Complexity) => number) => {
    const sorted = folds.map(pick).sort((a, b) => a - b);
    return sorted[(sorted.length - 1) >> 1]!;
  };
  const trees = (name: keyof Complexity['trees']) =>
    Math.max(
      1,
      median((fold) => fold.trees[name]),
    );
  return {
    trees: {
      leaf: trees('leaf'),
      level: trees('level'),
      symmetric: trees('symmetric'),
      value: trees('value'),
    },
    logisticPenalty: median((fold) => fold.logisticPenalty),
    ridgePenalty: median((fold) => fold.ridgePenalty),
  };
}
