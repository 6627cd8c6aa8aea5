import type { Baseline, BaselineName } from '../baselines/fit-baselines.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { HorizonData } from '../data/horizon-data.js';
import {
  type BootstrapInput,
  blockBootstrap,
  bootstrapBlock,
  degreesOfFreedom,
  type Estimate,
  pValue,
  type Statistics,
} from '../metrics/block-bootstrap.js';
import { auc, brier, logLossByRow } from '../metrics/direction-metrics.js';
import { reliabilityStatistics } from '../metrics/reliability.js';
import { type DirectionMetric, directionStatistics } from '../metrics/score-direction.js';
import { type ValueMetric, valueStatistics } from '../metrics/score-value.js';
import { weightedMean } from '../metrics/weighted-statistic.js';
import type { DirectionName } from '../models/model-registry.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import type { ValueModelName } from '../stacking/final-models.js';
import type { PieceKind } from '../threads/piece-kind.js';
import type { ModelContext } from '../training/model-context.js';
import { type CalendarSums, calendarSums } from './calendar-sums.js';
import { type DetectableEffect, detectableEffect } from './detectable-effect.js';
import {
  confidenceOrder,
  GATING_COVERAGES,
  GATING_THRESHOLDS,
  gateAtCoverage,
  gateAtThreshold,
} from './gating-curve.js';
import { honestEdge } from './honest-edge.js';
import { correctCalls, skillStatistics } from './skill-statistics.js';

/** All predictions for the untouched final segment; arrays run along `rows`. */
export interface FinalPredictions {
  readonly rows: Uint32Array;
  /** Calibrated stack. */
  readonly probability: Float64Array;
  /** The same without models: stack and calibration of the overlap baseline alone. */
  readonly reference: Float64Array;
  /** Each direction model on its own, calibrated. */
  readonly models: readonly { readonly name: DirectionName; readonly probability: Float64Array }[];
  /** Predicted unknown part by value model. */
  readonly values: readonly { readonly name: ValueModelName; readonly prediction: Float64Array }[];
  readonly baselines: readonly Baseline[];
  /** Gate chosen on out-of-fold rows. */
  readonly threshold: number | null;
}

export type DirectionScores = Readonly<Record<DirectionMetric, Estimate>>;
export type ValueScores = Readonly<Record<ValueMetric, Estimate>>;

/** Scores of one of several models, or baselines. */
export interface Named<Name, Scores> {
  readonly name: Name;
  readonly scores: Scores;
}

export interface BaselineScores {
  readonly accuracy: Estimate;
  readonly auc: Estimate;
  /** Null for rules that give no probability, as is the next. */
  readonly logLoss: Estimate | null;
  readonly brier: Estimate | null;
  /** At each of {@link GATING_COVERAGES}. */
  readonly accuracyAt: readonly Estimate[];
}

/** Accuracy of the calls of the stack's gates. */
export interface GateScores {
  /** At each of {@link GATING_THRESHOLDS}. */
  readonly thresholds: readonly Estimate[];
  /** At each of {@link GATING_COVERAGES}. */
  readonly coverages: readonly Estimate[];
  /** Null when no gate was chosen. */
  readonly chosen: Estimate | null;
}

export interface SkillScores {
  readonly logLossGain: Estimate;
  readonly baselineGain: Estimate;
  readonly accuracyGain: Estimate;
  readonly unknownEdge: Estimate;
  readonly direction: Estimate;
}

/** One-sided p-values of "no skill"; all NaN when no model had an opinion that could be tested. */
export interface SkillPValues {
  readonly gain: number;
  readonly edge: number;
  /** The larger one: that of "not both" (Berger 1982, intersection-union test). */
  readonly both: number;
}

/** Every score of the final segment with its interval. */
export interface FinalScores {
  readonly stack: DirectionScores;
  readonly gates: GateScores;
  /** Share of "up" in each bin of the reliability curve. */
  readonly reliability: readonly Estimate[];
  /** With the baselines that skill is measured against. */
  readonly skill: SkillScores & {
    readonly logLossBaseline: BaselineName;
    /** What the unknown edge of an honest panel reaches. */
    readonly honestEdge: number;
    readonly accuracyBaseline: Named<BaselineName, BaselineScores>;
    readonly pValue: SkillPValues;
    readonly detectable: DetectableEffect;
    /** Degrees of freedom of all intervals. */
    readonly degrees: number;
    /** Null when there was nothing to test. */
    readonly calendar: CalendarSums<'gain' | 'edge'> | null;
  };
  readonly models: readonly Named<DirectionName, DirectionScores>[];
  readonly values: readonly Named<ValueModelName, ValueScores>[];
  readonly baselines: readonly Named<BaselineName, BaselineScores>[];
  /** Rows of a bootstrap block and how many blocks the segment holds. */
  readonly blockRows: number;
  readonly blocks: number;
}

/** What the scores are taken from. */
export interface ScoreInput {
  /** Epoch milliseconds of the pair's rows. */
  readonly time: Float64Array;
  readonly predictions: FinalPredictions;
  readonly data: HorizonData;
  readonly config: Pick<LearnConfig, 'leaks' | 'verdict'>;
  readonly seed: bigint;
}

/** Scores that are computed together, by the kind of group. */
interface GroupScores {
  readonly stack: DirectionScores;
  readonly gates: GateScores;
  readonly reliability: readonly Estimate[];
  readonly skill: SkillScores;
  readonly model: DirectionScores;
  readonly value: ValueScores;
  readonly baseline: BaselineScores;
}

type GroupKind = keyof GroupScores;

interface ScoreGroup {
  readonly of: GroupKind;
  /** Which of the models, values or baselines. */
  readonly at: number;
}

/** The scores of a group. */
export const SCORED_GROUP: PieceKind<ScoreInput, ScoreGroup, GroupScores[GroupKind]> = {
  name: 'scored-group',
  compute: scoreGroup,
};

/** Scores the final segment; all intervals come from the same resamplings. @throws CancelledError */
export function scoreFinal(
  input: ScoreInput,
  { pool, isCancelled }: Pick<ModelContext, 'pool' | 'isCancelled'>,
): FinalScores {
  const { models, values, baselines } = input.predictions;
  const each = (of: GroupKind, among: readonly unknown[]) => among.map((_, at) => ({ of, at }));
  const groups: ScoreGroup[] = [
    { of: 'stack', at: 0 },
    { of: 'gates', at: 0 },
    { of: 'reliability', at: 0 },
    { of: 'skill', at: 0 },
    ...each('model', models),
    ...each('value', values),
    ...each('baseline', baselines),
  ];
  const found = pool.compute(SCORED_GROUP, input, groups, { isCancelled });
  const scoresOf = <Kind extends GroupKind>(of: Kind, at = 0) =>
    found[groups.findIndex((group) => group.of === of && group.at === at)] as GroupScores[Kind];
  const named = <Kind extends GroupKind, Name>(of: Kind, among: readonly { readonly name: Name }[]) =>
    among.map(({ name }, at) => ({ name, scores: scoresOf(of, at) }));
  const bootstrap = bootstrapInput(input);
  const { rows, block } = bootstrap;
  const { logLossBaseline, accuracyBaseline, influence } = skillStatistics(scoredArrays(input));
  const scored = named('baseline', baselines);
  const skill = scoresOf('skill');
  const degrees = degreesOfFreedom(bootstrap);
  const tested = skillPValues(skill, degrees);
  const isTested = !Number.isNaN(tested.both);
  return {
    stack: scoresOf('stack'),
    gates: scoresOf('gates'),
    reliability: scoresOf('reliability'),
    skill: {
      ...skill,
      logLossBaseline,
      honestEdge: honestEdge(input.predictions.reference, input.config.leaks.honestShare),
      accuracyBaseline: scored.find(({ name }) => name === accuracyBaseline)!,
      pValue: tested,
      detectable: detectableEffect({
        level: bootstrap.level,
        degrees,
        // A correlation's squared error is one over the independent rows, and so is that of a mean of signs.
        effectiveRows: 1 / (isTested ? skill.unknownEdge : skill.direction).standardError ** 2,
        uncertainty: meanOf(input.predictions.reference.map((p) => p * (1 - p))),
      }),
      degrees,
      calendar: isTested ? calendarSums(timeOf(input), influence) : null,
    },
    models: named('model', models),
    values: named('value', values),
    baselines: scored,
    blockRows: block.rows,
    blocks: Math.floor(rows / block.rows),
  };
}

function skillPValues({ logLossGain, unknownEdge }: SkillScores, degrees: number): SkillPValues {
  const gain = pValue(logLossGain, degrees);
  const edge = pValue(unknownEdge, degrees);
  const both = Math.max(gain, edge);
  return Number.isNaN(both) ? { gain: both, edge: both, both } : { gain, edge, both };
}

function timeOf({ time, predictions }: ScoreInput): Float64Array {
  return Float64Array.from(predictions.rows, (row) => time[row]!);
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, own) => sum + own, 0) / values.length;
}

function bootstrapInput({ predictions, data, config, seed }: ScoreInput): BootstrapInput {
  const { rows } = predictions;
  const { level, replicates } = config.verdict;
  const block = bootstrapBlock(rows, data.bar, data.geometry);
  return { rows: rows.length, block, replicates, level, seed };
}

/** What is scored, along the scored rows. */
function scoredArrays({ predictions, data }: ScoreInput) {
  const along = (source: Float64Array) => Float64Array.from(predictions.rows, (row) => source[row]!);
  const { probability, reference, baselines } = predictions;
  return {
    probability,
    reference,
    baselines,
    label: along(data.up),
    unknown: along(data.unknown),
    known: along(data.known),
  };
}

function scoreGroup(input: ScoreInput, group: ScoreGroup, hooks: ProgressHooks): GroupScores[GroupKind] {
  const { predictions } = input;
  const arrays = scoredArrays(input);
  const { probability, label, unknown, known } = arrays;
  const estimate = <T extends Statistics>(statistics: T) =>
    blockBootstrap(bootstrapInput(input), statistics, hooks);
  if (group.of === 'stack') return estimate(directionStatistics(probability, label));
  if (group.of === 'gates') return estimate(gateStatistics(predictions, label));
  if (group.of === 'reliability') return estimate(reliabilityStatistics(probability, label));
  if (group.of === 'skill') {
    const { logLossGain, baselineGain, accuracyGain, unknownEdge, direction } = skillStatistics(arrays);
    return estimate({ logLossGain, baselineGain, accuracyGain, unknownEdge, direction });
  }
  if (group.of === 'model') {
    return estimate(directionStatistics(predictions.models[group.at]!.probability, label));
  }
  if (group.of === 'value') {
    const { prediction } = predictions.values[group.at]!;
    return estimate(valueStatistics({ prediction, known, unknown }));
  }
  return estimate(baselineStatistics(predictions.baselines[group.at]!, label));
}

function baselineStatistics({ score, probability }: Baseline, label: Float64Array) {
  const order = confidenceOrder(score);
  return {
    accuracy: weightedMean(correctCalls(score, label)),
    auc: auc(score, label),
    logLoss: probability && weightedMean(logLossByRow(probability, label)),
    brier: probability && brier(probability, label),
    accuracyAt: GATING_COVERAGES.map((coverage) => gateAtCoverage(score, label, coverage, order).accuracy),
  };
}

function gateStatistics({ probability, threshold }: FinalPredictions, label: Float64Array) {
  const at = (limit: number) => gateAtThreshold(probability, label, limit).accuracy;
  const score = probability.map((p) => p - 0.5);
  const order = confidenceOrder(score);
  return {
    thresholds: GATING_THRESHOLDS.map(at),
    coverages: GATING_COVERAGES.map((coverage) => gateAtCoverage(score, label, coverage, order).accuracy),
    chosen: threshold === null ? null : at(threshold),
  };
}
