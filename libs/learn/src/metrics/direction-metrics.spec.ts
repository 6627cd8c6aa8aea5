import { describe, expect, it } from 'vitest';
import { auc, brier, correctByRow, expectedCalibrationError, logLossByRow } from './direction-metrics.js';
import { resampleOf } from './resample.js';
import { weightedMean } from './weighted-statistic.js';

const f = (...values: number[]) => Float64Array.from(values);

describe('direction metrics', () => {
  it('AUC counts pairs in the right order, ties as half', () => {
    // Pairs (up, down): .8>.1, .8>.35, .35=.35 (half), .35>.1, so 3.5 of 4.
    expect(auc(f(0.1, 0.35, 0.35, 0.8), f(0, 0, 1, 1))()).toBe(0.875);
    expect(auc(f(1, 2), f(1, 1))()).toBeNaN();
  });

  it('AUC under multiplicities equals AUC of the repeated rows', () => {
    const score = f(0.3, 0.1, 0.9, 0.3, 0.5);
    const label = f(1, 0, 1, 0, 0);
    const multiplicity = f(2, 0, 1, 3, 1);
    const repeated = [...multiplicity].flatMap((times, row) => Array(times).fill(row) as number[]);
    const pick = (values: Float64Array) => Float64Array.from(repeated, (row) => values[row]!);
    expect(auc(score, label)(resampleOf(multiplicity))).toBeCloseTo(auc(pick(score), pick(label))(), 14);
  });

  it('log loss, Brier score and accuracy of known probabilities', () => {
    const probability = f(0.8, 0.4, 0.5);
    const label = f(1, 1, 0);
    expect(weightedMean(logLossByRow(probability, label))()).toBeCloseTo(
      -(Math.log(0.8) + Math.log(0.4) + Math.log(0.5)) / 3,
      14,
    );
    expect(brier(probability, label)()).toBeCloseTo((0.04 + 0.36 + 0.25) / 3, 14);
    expect([...correctByRow(probability, label)]).toEqual([1, 0, 0]);
    expect(logLossByRow(f(0), f(1))[0]).toBeLessThan(14);
  });

  it('calibration error is zero for calibrated groups and the gap otherwise', () => {
    const probability = Float64Array.from({ length: 200 }, (_, row) => (row < 100 ? 0.2 : 0.6));
    const calibrated = probability.map((p, row) => (row % 10 < p * 10 - 1e-9 ? 1 : 0));
    expect(expectedCalibrationError(probability, calibrated, 2)()).toBeCloseTo(0, 12);
    expect(
      expectedCalibrationError(
        probability.map((p) => p + 0.1),
        calibrated,
        2,
      )(),
    ).toBeCloseTo(0.1, 12);
  });
});
