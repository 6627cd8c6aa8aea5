import { LearnInputError } from '../errors/learn-input-error.js';

/**
 * The smallest value at which the cumulated weight reaches `share` of the total (for equal weights the
 * inverse of the empirical distribution function); between two values that both qualify, their mean.
 *
 * @param values at least one, in any order
 * @param weights by value, positive; undefined for equal weights
 * @throws LearnInputError without values
 */
export function weightedQuantile(
  values: Float64Array,
  weights: Float64Array | undefined,
  share: number,
): number {
  if (values.length === 0) throw new LearnInputError('a quantile needs at least one value');
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
  const weight = (i: number) => (weights ? weights[order[i]!]! : 1);
  let total = 0;
  for (let i = 0; i < order.length; i++) total += weight(i);
  const wanted = share * total;
  let reached = 0;
  for (let i = 0; i < order.length; i++) {
    reached += weight(i);
    if (reached < wanted) continue;
    const value = values[order[i]!]!;
    const next = order[i + 1];
    return reached === wanted && next !== undefined ? 0.5 * (value + values[next]!) : value;
  }
  return values[order[order.length - 1]!]!;
}
