import { type OverlapSources, overlapOf } from '../baselines/overlap-logistic.js';
import { stepAt } from '../calibration/isotonic.js';
import { sigmoid } from '../numeric/sigmoid.js';
import { stackLogOdds } from '../stacking/stack-log-odds.js';
import type { Calibration, ModelDescription } from './model-description.js';

/** What the models of a horizon say of rows. NaN where something that is known at the row is missing. */
export interface Applied {
  /** Log-odds of "up", not calibrated. */
  readonly logOdds: Float64Array;
  /** Calibrated probability of "up". */
  readonly probability: Float64Array;
  /** Predicted value of the target, in percent. */
  readonly value: Float64Array;
}

/**
 * Predictions from the raw scores of the models.
 *
 * @param rawScores of a model, one a row
 * @param sources what is known of the rows, in order of time: the trailing scale looks back
 */
export function applyModels(
  { direction, base, value }: ModelDescription,
  rawScores: (model: string) => Float64Array,
  sources: OverlapSources,
): Applied {
  const rows = sources.bar.length;
  const start =
    base.name === 'base_rate' ? new Float64Array(rows).fill(base.logOdds) : overlapOf(base, sources);
  const logOdds = stackLogOdds(direction, start, direction.models.map(rawScores));
  const parts = value.models.map(rawScores);
  return {
    logOdds,
    probability: logOdds.map((score) =>
      Number.isNaN(score) ? score : calibrated(direction.calibration, score),
    ),
    value: Float64Array.from({ length: rows }, (_, row) => {
      const unknown = parts.reduce((sum, part, k) => sum + value.weights[k]! * part[row]!, 0);
      return unknown + (value.addsKnownPart ? sources.known[row]! : 0);
    }),
  };
}

function calibrated(calibration: Calibration, score: number): number {
  if (calibration.method === 'platt') return sigmoid(calibration.slope * score + calibration.intercept);
  return stepAt({ from: calibration.from, value: calibration.probability }, score);
}
