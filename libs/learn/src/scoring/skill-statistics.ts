import type { Baseline, BaselineName } from '../baselines/fit-baselines.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { logLossByRow } from '../metrics/direction-metrics.js';
import { correlation } from '../metrics/value-metrics.js';
import { type WeightedStatistic, weightedMean } from '../metrics/weighted-statistic.js';

export interface SkillInput {
  readonly probability: Float64Array;
  readonly label: Float64Array;
  /** Unknown part of the target. */
  readonly unknown: Float64Array;
  readonly baselines: readonly Baseline[];
}

/** What the verdict is taken from. */
export interface SkillStatistics {
  /** Baseline with the least log loss on the scored rows. */
  readonly logLossBaseline: BaselineName;
  /** Baseline with the best accuracy on the scored rows. */
  readonly accuracyBaseline: BaselineName;
  /** Mean log loss saved against the log loss baseline, in nats a row. */
  readonly logLossGain: WeightedStatistic;
  /** Accuracy gained over the accuracy baseline. */
  readonly accuracyGain: WeightedStatistic;
  /**
   * Correlation of the model's opinion beyond overlap (its probability minus the overlap baseline's) with
   * the sign of the unknown part. Zero in expectation whenever the unknown part is symmetric given what is
   * known, whatever its volatility: a model that only judges volatility gains log loss but not this.
   */
  readonly unknownEdge: WeightedStatistic;
}

/** @throws LearnInputError when the overlap baseline is not among the baselines */
export function skillStatistics({ probability, label, unknown, baselines }: SkillInput): SkillStatistics {
  const losses = logLossByRow(probability, label);
  const candidates = baselines.filter((baseline) => baseline.probability !== null);
  const overlap = candidates.find((baseline) => baseline.name === 'overlap_logistic');
  if (!overlap) throw new LearnInputError('the overlap_logistic baseline is needed to judge skill');
  const logLossBest = leastBy(candidates, (b) => weightedMean(logLossByRow(b.probability!, label))());
  const accuracyBest = leastBy([...baselines], (b) => -weightedMean(correctCalls(b.score, label))());
  const bestLosses = logLossByRow(logLossBest.probability!, label);
  const bestCorrect = correctCalls(accuracyBest.score, label);
  const correct = correctCalls(
    probability.map((p) => p - 0.5),
    label,
  );
  return {
    logLossBaseline: logLossBest.name,
    accuracyBaseline: accuracyBest.name,
    logLossGain: weightedMean(losses.map((loss, row) => bestLosses[row]! - loss)),
    accuracyGain: weightedMean(correct.map((right, row) => right - bestCorrect[row]!)),
    unknownEdge: correlation(
      probability.map((p, row) => opinion(p - overlap.probability![row]!)),
      unknown.map(Math.sign),
    ),
  };
}

/** A probability closer to the baseline's than this is the baseline's, up to rounding. */
const NO_OPINION = 1e-9;

function opinion(beyondOverlap: number): number {
  return Math.abs(beyondOverlap) < NO_OPINION ? 0 : beyondOverlap;
}

/** 1 where the call (score >= 0 is "up") is right, else 0. */
export function correctCalls(score: Float64Array, label: Float64Array): Float64Array {
  return score.map((value, row) => (value >= 0 === label[row]! > 0.5 ? 1 : 0));
}

function leastBy(baselines: readonly Baseline[], cost: (baseline: Baseline) => number): Baseline {
  const costs = baselines.map(cost);
  return baselines[costs.indexOf(Math.min(...costs))]!;
}
