/**
 * Columns in order of the best of their ranks by the scores of several methods, ties by the next best rank, and
 * so on, then by position. Measured to find more planted features than one method alone or sums of ranks.
 *
 * @param scores by method and column; more is better
 */
export function combinedOrder(scores: readonly Float64Array[]): number[] {
  const ranks = scores.map(rankOf);
  const own = [...scores[0]!.keys()].map((j) => ranks.map((rank) => rank[j]!).sort((a, b) => a - b));
  return [...own.keys()].sort((a, b) => {
    const place = own[a]!.findIndex((rank, k) => rank !== own[b]![k]);
    return place < 0 ? a - b : own[a]![place]! - own[b]![place]!;
  });
}

/** Rank of every column, 1 is best; equal ones share the lowest rank. */
function rankOf(score: Float64Array): Float64Array {
  const order = [...score.keys()].sort((a, b) => score[b]! - score[a]! || a - b);
  const rank = new Float64Array(score.length);
  order.forEach((column, place) => {
    const previous = order[place - 1];
    rank[column] = previous !== undefined && score[previous] === score[column] ? rank[previous]! : place + 1;
  });
  return rank;
}
