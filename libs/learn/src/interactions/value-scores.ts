/** Largest score: values that few rows have, on one side of all others, would else rule every product. */
export const MOST_SCORE = 2.5;

/** The scores of a feature's bins by which it enters a product. */
export function partScores(counts: ArrayLike<number>, of: 'value' | 'size'): Float64Array {
  return of === 'value' ? valueScores(counts) : sizeScores(counts);
}

/**
 * A score for every bin that says how far its values lie from the median, whatever the side: twice the distance of the rank
 * from the middle, brought to mean 0 and variance 1. Small sizes score below 0.
 *
 * @param counts rows by bin; bin 0 is "missing" and scores 0
 */
export function sizeScores(counts: ArrayLike<number>): Float64Array {
  return standardised(counts, Math.abs);
}

/**
 * A score for every bin that multiplies well: the signed root of the rank, sign(v) |v|^(1/2) for ranks v spread
 * evenly over (-1, 1), brought to mean 0 and variance 1. It is bounded, so that heavy tails do not matter, and close
 * both to the sign (correlation 0.94) and to a normal value (0.93), so that products of either are found.
 *
 * @param counts rows by bin; bin 0 is "missing" and scores 0
 */
export function valueScores(counts: ArrayLike<number>): Float64Array {
  return standardised(counts, (rank) => Math.sign(rank) * Math.sqrt(Math.abs(rank)));
}

/** A function of the rank, spread evenly over (-1, 1), brought to mean 0 and variance 1 and bounded. */
function standardised(counts: ArrayLike<number>, of: (rank: number) => number): Float64Array {
  const scores = new Float64Array(counts.length);
  let rows = 0;
  for (let bin = 1; bin < counts.length; bin++) rows += counts[bin]!;
  let below = 0;
  let sum = 0;
  for (let bin = 1; bin < counts.length; bin++) {
    scores[bin] = of((2 * below + counts[bin]!) / Math.max(1, rows) - 1);
    below += counts[bin]!;
    sum += counts[bin]! * scores[bin]!;
  }
  const mean = sum / Math.max(1, rows);
  let square = 0;
  for (let bin = 1; bin < counts.length; bin++) square += counts[bin]! * (scores[bin]! - mean) ** 2;
  const deviation = Math.sqrt(square / Math.max(1, rows));
  for (let bin = 1; bin < counts.length; bin++) {
    const score = deviation > 1e-9 ? (scores[bin]! - mean) / deviation : 0;
    scores[bin] = Math.max(-MOST_SCORE, Math.min(MOST_SCORE, score));
  }
  return scores;
}
