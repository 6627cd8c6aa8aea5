import type { MethodFrequencies, StabilityFrequencies } from './stability-frequencies.js';

/**
 * Candidates in order of the better of their two ranks (by frequency, then strength), ties by the other
 * rank and then by Gram position. Measured to find more planted features than either method alone.
 */
export function combinedOrder({ elasticNet, binnedF }: StabilityFrequencies): number[] {
  const left = ranks(elasticNet);
  const right = ranks(binnedF);
  const better = left.map((rank, j) => Math.min(rank, right[j]!));
  const worse = left.map((rank, j) => Math.max(rank, right[j]!));
  return [...better.keys()].sort((a, b) => better[a]! - better[b]! || worse[a]! - worse[b]! || a - b);
}

/** Rank of every column, 1 is best; equal ones share the lowest rank. */
function ranks({ frequency, strength }: MethodFrequencies): Float64Array {
  const before = (a: number, b: number) => frequency[b]! - frequency[a]! || strength[b]! - strength[a]!;
  const order = [...frequency.keys()].sort((a, b) => before(a, b) || a - b);
  const rank = new Float64Array(frequency.length);
  order.forEach((column, place) => {
    const previous = order[place - 1];
    const tied = previous !== undefined && before(previous, column) === 0;
    rank[column] = tied ? rank[previous]! : place + 1;
  });
  return rank;
}
