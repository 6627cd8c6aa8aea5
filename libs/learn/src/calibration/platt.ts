import { sigmoid } from '../numeric/sigmoid.js';
import type { Calibrator } from './calibrator.js';

/** How much more strongly than slopes and weights an intercept is held at zero. */
export const INTERCEPT_HOLD = 10;

/**
 * Platt scaling (Platt 1999) of log-odds: probability = sigmoid(slope * logOdds + intercept), fitted by
 * Newton's method on the log loss + priorRows / 8 * ((slope - 1)^2 + 10 * intercept^2). The prior holds the
 * calibrator at the identity as strongly as so many rows at probability 1/2 (curvature 1/4 each) would,
 * since labels of neighbouring rows overlap and few rows say little; the intercept ten times as strongly,
 * since the share of "up" drifts and last year's is no news. The slope is not let below zero.
 */
export function fitPlatt(logOdds: Float64Array, label: Float64Array, priorRows: number): Calibrator {
  const prior = priorRows / 4 + 1e-6;
  const interceptPrior = INTERCEPT_HOLD * prior;
  let slope = 1;
  let intercept = 0;
  for (let step = 0; step < 50; step++) {
    let gradientSlope = -prior * (slope - 1);
    let gradientIntercept = -interceptPrior * intercept;
    let h11 = prior;
    let h12 = 0;
    let h22 = interceptPrior;
    for (let row = 0; row < logOdds.length; row++) {
      const x = logOdds[row]!;
      const p = sigmoid(slope * x + intercept);
      const weight = p * (1 - p);
      gradientSlope += (label[row]! - p) * x;
      gradientIntercept += label[row]! - p;
      h11 += weight * x * x;
      h12 += weight * x;
      h22 += weight;
    }
    const determinant = h11 * h22 - h12 * h12;
    const stepSlope = (h22 * gradientSlope - h12 * gradientIntercept) / determinant;
    const stepIntercept = (h11 * gradientIntercept - h12 * gradientSlope) / determinant;
    // Newton steps of a logistic loss can overshoot far from the optimum: at most 2 in the log-odds' slope.
    const damp = Math.min(1, 2 / Math.max(Math.abs(stepSlope), Math.abs(stepIntercept), 1e-300));
    slope = Math.max(0, slope + damp * stepSlope);
    intercept += damp * stepIntercept;
    if (Math.abs(stepSlope) + Math.abs(stepIntercept) < 1e-12) break;
  }
  return {
    method: 'platt',
    linear: { slope, intercept },
    calibrate: (x) => x.map((value) => sigmoid(slope * value + intercept)),
  };
}
