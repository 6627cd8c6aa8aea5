/** Sums of a variable y, and of a covariate x, over the rows of a half; by bin of a feature. */
export interface BinnedSums {
  /** Bins in use, the first ones of the arrays. */
  bins: number;
  /** By bin, as are y and x. */
  rows: Int32Array;
  y: Float64Array;
  x: Float64Array;
  /** Rows and sums of all bins. */
  count: number;
  sumY: number;
  sumX: number;
  /** Sums of squares and products over all rows that the bins hold. */
  yy: number;
  xy: number;
  xx: number;
}

/** Below this share of its square a covariate does not vary within bins, but for rounding. */
const ROUNDING = 1e-9;

/**
 * Share of what a straight line in x leaves of the variance of y that a feature's bins explain, out of sample: the means
 * of the bins and the line (analysis of covariance) are fitted on each half and scored on the other, so that a feature
 * which merely tells times apart explains nothing. What the error of fitted means adds, a share of
 * means / rows of what is left where rows are independent, is taken off.
 *
 * @returns 0 when y is constant or nothing is explained, at most 1
 */
export function crossFittedShare(first: BinnedSums, second: BinnedSums): number {
  const total = unexplainedByLine(first, second) + unexplainedByLine(second, first);
  const left = unexplained(first, second) + unexplained(second, first);
  return total > 0 ? Math.max(0, 1 - left / total) : 0;
}

/** Sum of squares of what the fit of one half, without bins, leaves of y in the other, less what its error adds. */
function unexplainedByLine(fit: BinnedSums, scored: BinnedSums): number {
  if (fit.count === 0) return scored.yy;
  const slope = slopeOf(
    fit.xy - (fit.sumY * fit.sumX) / fit.count,
    fit.xx - fit.sumX ** 2 / fit.count,
    fit.xx,
  );
  const level = (fit.sumY - slope * fit.sumX) / fit.count;
  const left =
    scored.yy -
    2 * slope * scored.xy +
    slope * slope * scored.xx +
    level * (scored.count * level - 2 * (scored.sumY - slope * scored.sumX));
  return left / (1 + 1 / fit.count);
}

/** Sum of squares of what the fit of one half leaves of y in the other, less what the error of its means adds. */
function unexplained(fit: BinnedSums, scored: BinnedSums): number {
  const { count } = fit;
  if (count === 0) return scored.yy;
  const slope = fit.xx > 0 ? slopeWithinBins(fit) : 0;
  const usual = (fit.sumY - slope * fit.sumX) / count;
  let means = 0;
  let left = scored.yy - 2 * slope * scored.xy + slope * slope * scored.xx;
  for (let bin = 0; bin < scored.bins; bin++) {
    const rows = scored.rows[bin]!;
    if (rows === 0) continue;
    const fitted = fit.rows[bin]!;
    const level = fitted > 0 ? (fit.y[bin]! - slope * fit.x[bin]!) / fitted : usual;
    left += level * (rows * level - 2 * (scored.y[bin]! - slope * scored.x[bin]!));
    if (fitted > 0) means++;
  }
  return left / (1 + means / count);
}

function slopeWithinBins({ bins, rows, y, x, xy, xx }: BinnedSums): number {
  let products = xy;
  let squares = xx;
  for (let bin = 0; bin < bins; bin++) {
    const count = rows[bin]!;
    if (count === 0) continue;
    products -= (y[bin]! * x[bin]!) / count;
    squares -= x[bin]! ** 2 / count;
  }
  return slopeOf(products, squares, xx);
}

function slopeOf(products: number, squares: number, xx: number): number {
  return squares > ROUNDING * xx ? products / squares : 0;
}

/**
 * Joins neighbouring bins until each holds `least` rows in both halves, or a mean would rest on too few.
 *
 * @returns group of each bin, ascending from 0
 */
export function joinBins(first: Int32Array, second: Int32Array, least: number): Uint8Array {
  const groups = new Uint8Array(first.length);
  let group = 0;
  let [ofFirst, ofSecond] = [0, 0];
  for (let bin = 0; bin < first.length; bin++) {
    if (ofFirst >= least && ofSecond >= least) {
      group++;
      [ofFirst, ofSecond] = [0, 0];
    }
    ofFirst += first[bin]!;
    ofSecond += second[bin]!;
    groups[bin] = group;
  }
  // The last group may have too few: it belongs to the one before.
  if (group > 0 && (ofFirst < least || ofSecond < least)) {
    for (let bin = first.length - 1; groups[bin] === group; bin--) groups[bin] = group - 1;
  }
  return groups;
}
