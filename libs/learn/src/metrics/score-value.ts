import { correlation, r2, rankCorrelation } from './value-metrics.js';
import type { WeightedStatistic } from './weighted-statistic.js';

export type ValueMetric = 'r2' | 'ic' | 'rankIc' | 'unknownR2' | 'unknownIc' | 'unknownRankIc';

export interface ValueScoreInput {
  /** Predicted unknown part. */
  readonly prediction: Float64Array;
  readonly known: Float64Array;
  readonly unknown: Float64Array;
}

/**
 * Metrics of a value prediction: of the whole target (known + predicted unknown part), which overlap
 * flatters, and of the unknown part alone, which it cannot. R2 of the unknown part is against zero, the
 * best guess on a random walk.
 */
export function valueStatistics(input: ValueScoreInput): Record<ValueMetric, WeightedStatistic> {
  const { prediction, known, unknown } = input;
  const whole = prediction.map((value, row) => value + known[row]!);
  const target = unknown.map((value, row) => value + known[row]!);
  return {
    r2: r2(whole, target),
    ic: correlation(whole, target),
    rankIc: rankCorrelation(whole, target),
    unknownR2: r2(prediction, unknown, new Float64Array(unknown.length)),
    unknownIc: correlation(prediction, unknown),
    unknownRankIc: rankCorrelation(prediction, unknown),
  };
}
