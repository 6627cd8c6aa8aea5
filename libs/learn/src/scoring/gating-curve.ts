import { type WeightedStatistic, weightedMean } from '../metrics/weighted-statistic.js';

/** Thresholds of the curve: a row is called when p >= t or p <= 1 - t. */
export const GATING_THRESHOLDS = [0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85] as const;

/** Coverages at which model and baselines are compared on equal terms. */
export const GATING_COVERAGES = [0.05, 0.1, 0.2, 0.3, 0.38, 0.5, 0.75, 1] as const;

/** Which rows are called and whether each call was right. */
export interface Gate {
  readonly calls: number;
  readonly coverage: number;
  /** Accuracy of the calls, NaN when there is none. */
  readonly accuracy: WeightedStatistic;
}

/** Calls where the probability is at least `threshold` sure. */
export function gateAtThreshold(probability: Float64Array, label: Float64Array, threshold: number): Gate {
  const called = probability.map((p) => (p >= threshold || p <= 1 - threshold ? 1 : 0));
  return gate(
    called,
    correct(
      probability.map((p) => p - 0.5),
      label,
    ),
  );
}

/**
 * Calls the most confident share of the rows (ties in time order). The ranking uses the scored rows'
 * confidences but none of their labels.
 *
 * @param score sign is the call (0 counts as "up"), magnitude the confidence
 * @param order of the score, see {@link confidenceOrder}: to be given when there are several coverages
 */
export function gateAtCoverage(
  score: Float64Array,
  label: Float64Array,
  coverage: number,
  order: Uint32Array = confidenceOrder(score),
): Gate {
  const called = new Float64Array(score.length);
  for (const row of order.subarray(0, Math.round(coverage * score.length))) called[row] = 1;
  return gate(called, correct(score, label));
}

/** Rows in order of confidence, the most confident first, ties in time order. */
export function confidenceOrder(score: Float64Array): Uint32Array {
  return Uint32Array.from(score.keys()).sort((i, j) => Math.abs(score[j]!) - Math.abs(score[i]!) || i - j);
}

function correct(score: Float64Array, label: Float64Array): Float64Array {
  return score.map((value, row) => (value >= 0 === label[row]! > 0.5 ? 1 : 0));
}

function gate(called: Float64Array, right: Float64Array): Gate {
  const calls = called.reduce((sum, flag) => sum + flag, 0);
  return {
    calls,
    coverage: calls / called.length,
    accuracy: weightedMean(right.map((value, row) => (called[row] ? value : Number.NaN))),
  };
}
