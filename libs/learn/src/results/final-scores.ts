import type { Baseline } from '../baselines/fit-baselines.js';
import {
  GATING_COVERAGES,
  GATING_THRESHOLDS,
  gateAtCoverage,
  gateAtThreshold,
} from '../gating/gating-curve.js';
import type { HorizonData } from '../horizon-data.js';
import type { LearnConfig } from '../learn-config.js';
import { blockBootstrap, blockRows, type Estimate } from '../metrics/block-bootstrap.js';
import { auc, brier, logLossByRow } from '../metrics/direction-metrics.js';
import { reliabilityStatistics } from '../metrics/reliability.js';
import { directionStatistics } from '../metrics/score-direction.js';
import { valueStatistics } from '../metrics/score-value.js';
import { type WeightedStatistic, weightedMean } from '../metrics/weighted-statistic.js';
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

/** Scores the final segment; all intervals come from the same resamplings. */
export function scoreFinal(
  predictions: FinalPredictions,
  data: HorizonData,
  config: Pick<LearnConfig, 'verdict'>,
  seed: bigint,
): FinalScores {
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
  const { level, replicates } = config.verdict;
  const block = blockRows(rows, data.bar, data.geometry);
  const estimates = blockBootstrap(
    { rows: rows.length, blockRows: block, replicates, level, seed },
    statistics,
  );
  return {
    estimates: new Map(Object.entries(estimates)),
    skill,
    blockRows: block,
    blocks: Math.floor(rows.length / block),
  };
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
