import type { Baseline, BaselineName } from '../baselines/fit-baselines.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { logLossByRow } from '../metrics/direction-metrics.js';
import { correlation, correlationInfluence } from '../metrics/value-metrics.js';
import { type WeightedStatistic, weightedMean } from '../metrics/weighted-statistic.js';

export interface SkillInput {
  readonly probability: Float64Array;
  /** What stack and calibration make of the overlap baseline alone. */
  readonly reference: Float64Array;
  readonly label: Float64Array;
  /** Unknown part of the target. */
  readonly unknown: Float64Array;
  readonly baselines: readonly Baseline[];
}

/** What the verdict is taken from. */
export interface SkillStatistics {
  /** Baseline with the least log loss on the scored rows, before stack and calibration. */
  readonly logLossBaseline: BaselineName;
  /** Baseline with the best accuracy on the scored rows. */
  readonly accuracyBaseline: BaselineName;
  /** Mean log loss saved against the same stack without models, in nats a row. */
  readonly logLossGain: WeightedStatistic;
  /** The same against the log loss baseline: not judged, since that one is not calibrated alike. */
  readonly baselineGain: WeightedStatistic;
  /** Accuracy gained over the accuracy baseline. */
  readonly accuracyGain: WeightedStatistic;
  /**
   * Correlation of the model's opinion beyond overlap (its probability minus that of the stack without models) with
   * the sign of the unknown part. Zero in expectation whenever the unknown part is symmetric given what is
   * known, whatever its volatility: a model that only judges volatility gains log loss but not this.
   */
  readonly unknownEdge: WeightedStatistic;
  /** Mean sign of the unknown part: how well it is known says how many independent rows there are. */
  readonly direction: WeightedStatistic;
  /** What each row adds to gain and edge, less the mean, over the number of rows. */
  readonly influence: Readonly<Record<'gain' | 'edge', Float64Array>>;
}

/** @throws LearnInputError when no baseline has a probability */
export function skillStatistics(input: SkillInput): SkillStatistics {
  const { probability, reference, label, unknown, baselines } = input;
  const losses = logLossByRow(probability, label);
  const candidates = baselines.filter((baseline) => baseline.probability !== null);
  if (candidates.length === 0)
    throw new LearnInputError('a baseline with a probability is needed to judge skill');
  const logLossBest = leastBy(candidates, (b) => weightedMean(logLossByRow(b.probability!, label))());
  const accuracyBest = leastBy([...baselines], (b) => -weightedMean(correctCalls(b.score, label))());
  const bestLosses = logLossByRow(logLossBest.probability!, label);
  const bestCorrect = correctCalls(accuracyBest.score, label);
  const correct = correctCalls(
    probability.map((p) => p - 0.5),
    label,
  );
  const referenceLosses = logLossByRow(reference, label);
  const gain = losses.map((loss, row) => referenceLosses[row]! - loss);
  const logLossGain = weightedMean(gain);
  const beyond = probability.map((p, row) => opinion(p - reference[row]!));
  const direction = unknown.map(Math.sign);
  return {
    logLossBaseline: logLossBest.name,
    accuracyBaseline: accuracyBest.name,
    logLossGain,
    baselineGain: weightedMean(losses.map((loss, row) => bestLosses[row]! - loss)),
    accuracyGain: weightedMean(correct.map((right, row) => right - bestCorrect[row]!)),
    unknownEdge: correlation(beyond, direction),
    direction: weightedMean(direction),
    influence: {
      gain: gain.map((own) => (own - logLossGain()) / gain.length),
      edge: correlationInfluence(beyond, direction),
    },
  };
}

/** A probability closer to the stack's without models than this is the same, up to rounding. */
const NO_OPINION = 1e-9;

function opinion(beyond: number): number {
  return Math.abs(beyond) < NO_OPINION ? 0 : beyond;
}

/** 1 where the call (score >= 0 is "up") is right, else 0. */
export function correctCalls(score: Float64Array, label: Float64Array): Float64Array {
  return score.map((value, row) => (value >= 0 === label[row]! > 0.5 ? 1 : 0));
}

function leastBy(baselines: readonly Baseline[], cost: (baseline: Baseline) => number): Baseline {
  const costs = baselines.map(cost);
  return baselines[costs.indexOf(Math.min(...costs))]!;
}
