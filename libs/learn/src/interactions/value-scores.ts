/** Largest score: values that few rows have, on one side of all others, would else rule every product. */
export const MOST_SCORE = 2.5;

/**
 * A score for every bin that multiplies well: the signed root of the rank, sign(v) |v|^(1/2) for ranks v spread
 * evenly over (-1, 1), brought to mean 0 and variance 1. It is bounded, so that heavy tails do not matter, and close
 * both to the sign (correlation 0.94) and to a normal value (0.93), so that products of either are found.
 *
 * @param counts rows by bin; bin 0 is "missing" and scores 0
 */
export function valueScores(counts: ArrayLike<number>): Float64Array {
  const scores = new Float64Array(counts.length);
  let rows = 0;
  for (let bin = 1; bin < counts.length; bin++) rows += counts[bin]!;
  let below = 0;
  let sum = 0;
  for (let bin = 1; bin < counts.length; bin++) {
    const rank = (2 * below + counts[bin]!) / Math.max(1, rows) - 1;
    scores[bin] = Math.sign(rank) * Math.sqrt(Math.abs(rank));
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
