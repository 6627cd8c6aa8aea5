import type { Baseline } from '../baselines/fit-baselines.js';
import {
  GATING_COVERAGES,
  GATING_THRESHOLDS,
  gateAtCoverage,
  gateAtThreshold,
} from '../gating/gating-curve.js';
import type { HorizonData } from '../horizon-data.js';
import type { LearnConfig } from '../learn-config.js';
import {
  type BootstrapInput,
  blockRows,
  bootstrapEstimates,
  bootstrapValues,
  type Estimate,
} from '../metrics/block-bootstrap.js';
import { auc, brier, logLossByRow } from '../metrics/direction-metrics.js';
import { reliabilityStatistics } from '../metrics/reliability.js';
import { directionStatistics } from '../metrics/score-direction.js';
import { valueStatistics } from '../metrics/score-value.js';
import { type WeightedStatistic, weightedMean } from '../metrics/weighted-statistic.js';
import type { ModelContext } from '../models/model-context.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { correctCalls, type SkillStatistics, skillStatistics } from '../verdict/skill-statistics.js';

/** All predictions for the untouched final segment; arrays run along `rows`. */
export interface FinalPredictions {
  readonly rows: Uint32Array;
  /** Calibrated stack. */
  readonly probability: Float64Array;
  /** Each direction model on its own, calibrated. */
  readonly models: readonly { readonly name: string; readonly probability: Float64Array }[];
  /** Predicted unknown part by value model. */
  readonly values: readonly { readonly name: string; readonly prediction: Float64Array }[];
  readonly baselines: readonly Baseline[];
  /** Gate chosen on out-of-fold rows. */
  readonly threshold: number | null;
}

/** Every score of the final segment with its interval, by dotted name, e.g. `stack.auc`, `baseline.overlap.accuracy`. */
export interface FinalScores {
  readonly estimates: ReadonlyMap<string, Estimate>;
  readonly skill: SkillStatistics;
  /** Rows of a bootstrap block and how many blocks the segment holds. */
  readonly blockRows: number;
  readonly blocks: number;
}

/** What the scores are taken from. */
export interface ScoreInput {
  readonly predictions: FinalPredictions;
  readonly data: HorizonData;
  readonly config: Pick<LearnConfig, 'verdict'>;
  readonly seed: bigint;
}

/** Replicates of the bootstrap, from the first number up to but without the second. */
export const BOOTSTRAP_REPLICATES: PieceKind<ScoreInput, readonly [number, number], Float64Array[]> = {
  name: 'bootstrap-replicates',
  compute: (input, range) => bootstrapValues(bootstrapInput(input), finalStatistics(input).statistics, range),
};

/** Pieces of the bootstrap a thread: every one sets up all statistics again. */
const PIECES_A_THREAD = 3;

/** Scores the final segment; all intervals come from the same resamplings. @throws CancelledError */
export function scoreFinal(
  input: ScoreInput,
  { pool, isCancelled }: Pick<ModelContext, 'pool' | 'isCancelled'>,
): FinalScores {
  const { skill, statistics } = finalStatistics(input);
  const bootstrap = bootstrapInput(input);
  const { rows, blockRows: length, replicates } = bootstrap;
  const pieces = pool.threads === 1 ? 1 : Math.min(replicates, PIECES_A_THREAD * pool.threads);
  const ranges = Array.from({ length: pieces }, (_, k): [number, number] => [
    Math.floor((k * replicates) / pieces),
    Math.floor(((k + 1) * replicates) / pieces),
  ]);
  const values = pool.compute(BOOTSTRAP_REPLICATES, input, ranges, { isCancelled }).flat();
  return {
    estimates: new Map(Object.entries(bootstrapEstimates(bootstrap, statistics, values))),
    skill,
    blockRows: length,
    blocks: Math.floor(rows / length),
  };
}

function bootstrapInput({ predictions, data, config, seed }: ScoreInput): BootstrapInput {
  const { rows } = predictions;
  const { level, replicates } = config.verdict;
  const length = blockRows(rows, data.bar, data.geometry);
  return { rows: rows.length, blockRows: length, replicates, level, seed };
}

function finalStatistics({ predictions, data }: ScoreInput) {
  const { rows, probability, baselines } = predictions;
  const label = Float64Array.from(rows, (row) => data.up[row]!);
  const unknown = Float64Array.from(rows, (row) => data.unknown[row]!);
  const known = Float64Array.from(rows, (row) => data.known[row]!);
  const skill = skillStatistics({ probability, label, unknown, baselines });
  const statistics: Record<string, WeightedStatistic> = {
    ...prefixed('stack', directionStatistics(probability, label)),
    ...gatingStatistics(predictions, label),
    ...prefixed('reliability', reliabilityStatistics(probability, label)),
    'skill.logLossGain': skill.logLossGain,
    'skill.accuracyGain': skill.accuracyGain,
    'skill.unknownEdge': skill.unknownEdge,
  };
  for (const model of predictions.models) {
    Object.assign(statistics, prefixed(`model.${model.name}`, directionStatistics(model.probability, label)));
  }
  for (const { name, prediction } of predictions.values) {
    Object.assign(statistics, prefixed(`value.${name}`, valueStatistics({ prediction, known, unknown })));
  }
  for (const baseline of baselines) {
    Object.assign(statistics, prefixed(`baseline.${baseline.name}`, baselineStatistics(baseline, label)));
  }
  return { skill, statistics };
}

function baselineStatistics(baseline: Baseline, label: Float64Array): Record<string, WeightedStatistic> {
  const statistics: Record<string, WeightedStatistic> = {
    accuracy: weightedMean(correctCalls(baseline.score, label)),
    auc: auc(baseline.score, label),
  };
  for (const coverage of GATING_COVERAGES) {
    statistics[`accuracyAt${coverage}`] = gateAtCoverage(baseline.score, label, coverage).accuracy;
  }
  if (baseline.probability) {
    statistics.logLoss = weightedMean(logLossByRow(baseline.probability, label));
    statistics.brier = brier(baseline.probability, label);
  }
  return statistics;
}

function gatingStatistics(
  { probability, threshold }: FinalPredictions,
  label: Float64Array,
): Record<string, WeightedStatistic> {
  const statistics: Record<string, WeightedStatistic> = {};
  for (const t of GATING_THRESHOLDS) {
    statistics[`gate.threshold.${t}`] = gateAtThreshold(probability, label, t).accuracy;
  }
  const score = probability.map((p) => p - 0.5);
  for (const coverage of GATING_COVERAGES) {
    statistics[`gate.coverage.${coverage}`] = gateAtCoverage(score, label, coverage).accuracy;
  }
  if (threshold !== null) statistics['gate.chosen'] = gateAtThreshold(probability, label, threshold).accuracy;
  return statistics;
}

function prefixed(
  prefix: string,
  statistics: Readonly<Record<string, WeightedStatistic>>,
): Record<string, WeightedStatistic> {
  return Object.fromEntries(
    Object.entries(statistics).map(([name, statistic]) => [`${prefix}.${name}`, statistic]),
  );
}
