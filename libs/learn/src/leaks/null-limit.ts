import { LearnInputError } from '../errors/learn-input-error.js';

/** Share of the values taken for the tail. */
const TAIL = 0.1;

/**
 * Value that a statistic exceeds with a small probability where there is nothing to find, from values measured there: the
 * quantile at which the tail begins, and beyond it an exponential tail with the mean excess of the values that
 * lie in it (peaks over threshold: Pickands 1975, with shape 0, the limit of chi-square and normal tails).
 *
 * @param values of the statistic under the null; at least 20
 * @param probability of exceeding the result, at most 0.1
 * @throws LearnInputError for fewer values
 */
export function nullLimit(values: Float64Array, probability: number): number {
  if (values.length < 20)
    throw new LearnInputError(`a null distribution needs 20 values, got ${values.length}`);
  const sorted = values.slice().sort();
  const beyond = Math.ceil(TAIL * sorted.length);
  const start = sorted[sorted.length - beyond - 1]!;
  let excess = 0;
  for (let k = sorted.length - beyond; k < sorted.length; k++) excess += sorted[k]! - start;
  return start + (excess / beyond) * Math.log(TAIL / Math.min(TAIL, probability));
}
