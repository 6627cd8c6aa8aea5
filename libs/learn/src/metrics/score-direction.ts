import { auc, brier, correctByRow, expectedCalibrationError, logLossByRow } from './direction-metrics.js';
import { type WeightedStatistic, weightedMean } from './weighted-statistic.js';

export type DirectionMetric = 'auc' | 'logLoss' | 'brier' | 'accuracy' | 'calibrationError';

/** The metrics of a probability of "up", ready for the bootstrap. Labels are 0 or 1. */
export function directionStatistics(
  probability: Float64Array,
  label: Float64Array,
): Record<DirectionMetric, WeightedStatistic> {
  return {
    auc: auc(probability, label),
    logLoss: weightedMean(logLossByRow(probability, label)),
    brier: brier(probability, label),
    accuracy: weightedMean(correctByRow(probability, label)),
    calibrationError: expectedCalibrationError(probability, label),
  };
}
