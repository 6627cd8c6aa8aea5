import { studentQuantile } from '../metrics/student-quantile.js';
import { studentTail } from '../metrics/student-tail.js';

/** What a test can rest on. */
export interface TestSize {
  /** One-sided error level. */
  readonly level: number;
  readonly degrees: number;
  /** Independent rows that the scored rows are worth. */
  readonly effectiveRows: number;
  /** Mean of p (1 - p) of the probabilities before any opinion: 1/4 where nothing is known. */
  readonly uncertainty: number;
}

/** The smallest effects that a sample would show, four times in five. */
export interface DetectableEffect {
  /** Log loss saved, nats a row. */
  readonly gain: number;
  /** Of the opinion, on the direction of what is not yet known. */
  readonly auc: number;
}

const POWER = 0.8;

/**
 * The smallest skill that is found with 80 % power, by an opinion that is as sure of itself as it may be: log-odds of
 * deviation c added where they are right. They save c^2 v / 2 nats a row, with a standard error of c sqrt(v / n), v being
 * the uncertainty and n the effective rows; both conditions of a verdict hold when the first of them, the harder one, is
 * delta = t(level) + t(20 %) errors from zero: c = 2 delta / sqrt(v n), a gain of 2 delta^2 / n whatever the uncertainty, and
 * AUC = Phi(c / sqrt(2)), since opinions of both classes lie c deviations apart. NaN where there is no test.
 */
export function detectableEffect({ level, degrees, effectiveRows, uncertainty }: TestSize): DetectableEffect {
  if (!(degrees >= 1 && effectiveRows > 0 && uncertainty > 0)) return { gain: Number.NaN, auc: Number.NaN };
  const delta = studentQuantile(level, degrees) + studentQuantile(1 - POWER, degrees);
  const deviation = (2 * delta) / Math.sqrt(uncertainty * effectiveRows);
  return { gain: (2 * delta ** 2) / effectiveRows, auc: normalBelow(deviation / Math.SQRT2) };
}

/** P(Z < z) of a standard normal, to seven digits. */
function normalBelow(z: number): number {
  return studentTail(-z, 1e7);
}
