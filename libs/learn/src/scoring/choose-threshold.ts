import { GATING_THRESHOLDS, gateAtThreshold } from './gating-curve.js';

/** The threshold and what it reached where it was chosen. */
export interface ChosenThreshold {
  readonly threshold: number;
  readonly coverage: number;
  readonly accuracy: number;
}

/**
 * The most accurate threshold among those that call at least `minCoverage` of the rows; the lower one on
 * equal accuracy. To be given out-of-fold rows and scored on others.
 *
 * @returns null when even the lowest threshold calls too few rows
 */
export function chooseThreshold(
  probability: Float64Array,
  label: Float64Array,
  minCoverage: number,
): ChosenThreshold | null {
  let best: ChosenThreshold | null = null;
  for (const threshold of GATING_THRESHOLDS) {
    const { coverage, accuracy } = gateAtThreshold(probability, label, threshold);
    if (coverage < minCoverage || coverage === 0) continue;
    const reached = accuracy();
    if (!best || reached > best.accuracy) best = { threshold, coverage, accuracy: reached };
  }
  return best;
}
