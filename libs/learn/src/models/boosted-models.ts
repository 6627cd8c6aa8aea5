import type { BoosterParams, Growth } from '../boosting/booster-params.js';
import { trainBooster } from '../boosting/train-booster.js';
import { CancelledError } from '../errors/cancelled-error.js';
import { subseed } from '../numeric/seeded-random.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import { innerSplit } from '../splits/inner-split.js';
import type {
  BoostedEntry,
  GrowthPresets,
  GrowthSettings,
  TrainContext,
  TrainedModel,
  TrainTask,
} from './model-entry.js';

/** What all boosters have in common, preset by preset. */
const COMMON = {
  rounds: [60, 300, 300],
  learningRate: [0.05, 0.03, 0.03],
  rowFraction: [0.8, 0.8, 0.8],
  rowEvery: [5, 5, 5],
  treeColumnFraction: [0.6, 0.6, 0.6],
} as const satisfies Partial<GrowthPresets>;

interface BoostedSetup {
  readonly growth: Growth;
  readonly predicts: 'direction' | 'value';
  /** Part of the seed; no two boosters share one, and none ever changes. */
  readonly stream: number;
  readonly presets: GrowthPresets;
}

/** Trees for direction that split the leaf which gains most. */
export const leafWise = boosted({
  growth: 'leaf',
  predicts: 'direction',
  stream: 0,
  presets: {
    ...COMMON,
    maxLeaves: [12, 31, 63],
    maxDepth: [4, 6, 8],
    minRowsInLeaf: [40, 200, 50],
    l2: [10, 10, 0],
  },
});

/** Trees for direction that complete one depth before the next. */
export const levelWise = boosted({
  growth: 'level',
  predicts: 'direction',
  stream: 1,
  presets: {
    ...COMMON,
    maxLeaves: [8, 32, 32],
    maxDepth: [3, 5, 5],
    minRowsInLeaf: [40, 200, 50],
    l2: [10, 10, 1],
  },
});

/** Trees for direction with one split a depth. */
export const symmetric = boosted({
  growth: 'symmetric',
  predicts: 'direction',
  stream: 2,
  presets: {
    ...COMMON,
    maxLeaves: [8, 32, 32],
    maxDepth: [3, 5, 5],
    minRowsInLeaf: [40, 200, 50],
    l2: [10, 10, 3],
  },
});

/** Trees for the value of the unknown part. */
export const valueBooster = boosted({
  growth: 'leaf',
  predicts: 'value',
  stream: 3,
  presets: {
    ...COMMON,
    maxLeaves: [8, 31, 63],
    maxDepth: [3, 6, 8],
    minRowsInLeaf: [40, 200, 50],
    l2: [10, 10, 0],
  },
});

/** A booster as an entry of the registry. */
function boosted(setup: BoostedSetup): BoostedEntry {
  return {
    kind: 'boosted',
    growth: setup.growth,
    presets: setup.presets,
    train: (context, settings, task, hooks) => trainBoosted(setup, context, { ...task, settings }, hooks),
  };
}

/**
 * Trains one booster. Without `size`, the last part of `rows` only decides when to stop and the trees are
 * fitted on the rows before it.
 *
 * @throws CancelledError when asked to stop
 */
function trainBoosted(
  { growth, predicts, stream }: BoostedSetup,
  { matrix, data, config, seed }: TrainContext,
  { settings, rows, columns, margin, part, size, predict }: TrainTask & { readonly settings: GrowthSettings },
  hooks: ProgressHooks,
): TrainedModel {
  const { earlyStoppingRounds } = config.models;
  const stops = size === undefined && earlyStoppingRounds > 0;
  const split = stops ? innerSplit(rows, data.bar, data.geometry, config.protocol.innerShare) : { fit: rows };
  const rounds = size ?? settings.rounds;
  const params = {
    ...settings,
    objective: predicts === 'value' ? 'squared' : 'logistic',
    growth,
    rounds,
    earlyStoppingRounds: stops ? earlyStoppingRounds : 0,
    seed: subseed(seed, part, stream),
  } satisfies Partial<BoosterParams>;
  const isCancelled = () => hooks.isCancelled?.() ?? false;
  const booster = trainBooster(
    {
      matrix,
      // All columns are read where they lie; some are copied.
      ...(columns.length < matrix.columns ? { columns } : {}),
      rows: split.fit,
      label: predicts === 'value' ? data.unknown : data.up,
      ...(predicts === 'value' ? {} : { margin }),
      ...('validation' in split ? { validationRows: split.validation } : {}),
    },
    params,
    { isCancelled, onRound: (round) => hooks.onProgress?.(round / rounds) },
  );
  if (isCancelled()) throw new CancelledError('boosting');
  const { predictRaw, gain: _, splitCount: __, ...parts } = booster;
  return {
    prediction: predictRaw(matrix, predict),
    size: booster.trees.length,
    booster: parts,
    linear: null,
  };
}
