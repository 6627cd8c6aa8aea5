import type { Baseline } from '../baselines/fit-baselines.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { HorizonData } from '../data/horizon-data.js';
import { type BootstrapInput, blockBootstrap, blockRows, type Estimate } from '../metrics/block-bootstrap.js';
import { auc, brier, logLossByRow } from '../metrics/direction-metrics.js';
import { reliabilityStatistics } from '../metrics/reliability.js';
import { directionStatistics } from '../metrics/score-direction.js';
import { valueStatistics } from '../metrics/score-value.js';
import { type WeightedStatistic, weightedMean } from '../metrics/weighted-statistic.js';
import type { ModelContext } from '../models/model-context.js';
import type { PieceKind } from '../threads/piece-kind.js';
import {
  confidenceOrder,
  GATING_COVERAGES,
  GATING_THRESHOLDS,
  gateAtCoverage,
  gateAtThreshold,
} from './gating-curve.js';
import { correctCalls, type SkillStatistics, skillStatistics } from './skill-statistics.js';

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
  /** The baselines that skill is measured against. */
  readonly skill: Pick<SkillStatistics, 'logLossBaseline' | 'accuracyBaseline'>;
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

/** Statistics that are computed together; all groups together are the scores. */
interface ScoreGroup {
  readonly of: 'stack' | 'gate' | 'reliability' | 'skill' | 'model' | 'value' | 'baseline';
  /** Which of the models, values or baselines. */
  readonly at: number;
}

/** Estimates of a group by full name. */
export const SCORED_GROUP: PieceKind<ScoreInput, ScoreGroup, Record<string, Estimate>> = {
  name: 'scored-group',
  compute: (input, group, hooks) =>
    blockBootstrap(bootstrapInput(input), groupStatistics(input, group), hooks),
};

/** Scores the final segment; all intervals come from the same resamplings. @throws CancelledError */
export function scoreFinal(
  input: ScoreInput,
  { pool, isCancelled }: Pick<ModelContext, 'pool' | 'isCancelled'>,
): FinalScores {
  const { models, values, baselines } = input.predictions;
  const each = (of: ScoreGroup['of'], among: readonly unknown[]) => among.map((_, at) => ({ of, at }));
  const groups: ScoreGroup[] = [
    { of: 'stack', at: 0 },
    { of: 'gate', at: 0 },
    { of: 'reliability', at: 0 },
    { of: 'skill', at: 0 },
    ...each('model', models),
    ...each('value', values),
    ...each('baseline', baselines),
  ];
  const estimates = pool.compute(SCORED_GROUP, input, groups, { isCancelled });
  const { rows, blockRows: length } = bootstrapInput(input);
  const { logLossBaseline, accuracyBaseline } = skillStatistics(scoredArrays(input));
  return {
    estimates: new Map(estimates.flatMap((group) => Object.entries(group))),
    skill: { logLossBaseline, accuracyBaseline },
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

/** What is scored, along the scored rows. */
function scoredArrays({ predictions, data }: ScoreInput) {
  const along = (source: Float64Array) => Float64Array.from(predictions.rows, (row) => source[row]!);
  const { probability, baselines } = predictions;
  return {
    probability,
    baselines,
    label: along(data.up),
    unknown: along(data.unknown),
    known: along(data.known),
  };
}

function groupStatistics(input: ScoreInput, group: ScoreGroup): Record<string, WeightedStatistic> {
  const { predictions } = input;
  const arrays = scoredArrays(input);
  const { probability, label, unknown, known } = arrays;
  if (group.of === 'stack') return prefixed('stack', directionStatistics(probability, label));
  if (group.of === 'gate') return gatingStatistics(predictions, label);
  if (group.of === 'reliability') return prefixed('reliability', reliabilityStatistics(probability, label));
  if (group.of === 'skill') {
    const { logLossGain, accuracyGain, unknownEdge } = skillStatistics(arrays);
    return prefixed('skill', { logLossGain, accuracyGain, unknownEdge });
  }
  if (group.of === 'model') {
    const { name, probability: own } = predictions.models[group.at]!;
    return prefixed(`model.${name}`, directionStatistics(own, label));
  }
  if (group.of === 'value') {
    const { name, prediction } = predictions.values[group.at]!;
    return prefixed(`value.${name}`, valueStatistics({ prediction, known, unknown }));
  }
  const baseline = predictions.baselines[group.at]!;
  return prefixed(`baseline.${baseline.name}`, baselineStatistics(baseline, label));
}

function baselineStatistics(baseline: Baseline, label: Float64Array): Record<string, WeightedStatistic> {
  const statistics: Record<string, WeightedStatistic> = {
    accuracy: weightedMean(correctCalls(baseline.score, label)),
    auc: auc(baseline.score, label),
  };
  const order = confidenceOrder(baseline.score);
  for (const coverage of GATING_COVERAGES) {
    statistics[`accuracyAt${coverage}`] = gateAtCoverage(baseline.score, label, coverage, order).accuracy;
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
  const order = confidenceOrder(score);
  for (const coverage of GATING_COVERAGES) {
    statistics[`gate.coverage.${coverage}`] = gateAtCoverage(score, label, coverage, order).accuracy;
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
