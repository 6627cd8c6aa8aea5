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

/** A feature of a product: a score for every range of its values. */
export interface ProductPartSteps {
  /** Ascending upper bounds, inclusive, of all ranges but the last. */
  readonly bounds: ArrayLike<number>;
  /** One a range. */
  readonly scores: ArrayLike<number>;
}

/**
 * The column of a product: the scores of its features' values times each other, NaN where one is missing.
 *
 * @param values of each part's feature, by row
 */
export function multipliedColumn(
  parts: readonly ProductPartSteps[],
  values: readonly Float64Array[],
): Float64Array {
  const product = new Float64Array(values[0]!.length).fill(1);
  parts.forEach(({ bounds, scores }, k) => {
    values[k]!.forEach((value, row) => {
      product[row]! *= Number.isNaN(value) ? Number.NaN : scores[rangeOf(bounds, value)]!;
    });
  });
  return product;
}

/** The first range whose upper bound is not below the value. */
function rangeOf(bounds: ArrayLike<number>, value: number): number {
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= bounds[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

function calibrated(calibration: Calibration, score: number): number {
  if (calibration.method === 'platt') return sigmoid(calibration.slope * score + calibration.intercept);
  return stepAt({ from: calibration.from, value: calibration.probability }, score);
}
