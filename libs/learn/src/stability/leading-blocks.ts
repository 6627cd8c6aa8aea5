import { distinctPairs } from './complementary-pairs.js';
import { leastThreshold } from './error-bounds.js';
import type { StabilityContext } from './stability-context.js';

/**
 * The part of a context that ends before a row: its leading whole blocks, an even number. What was computed of these blocks
 * serves both, so that a selection on earlier rows costs no Gram matrix of its own. Tables and contrasts stay those of all
 * blocks: they know features only.
 *
 * @param end first row that must not be looked at
 * @param threshold selection frequency that the pairs of subsamples have to allow a bound for
 * @returns with as many pairs as its blocks allow; undefined where they are too few for the threshold
 */
export function leadingBlocks(
  context: StabilityContext,
  end: number,
  threshold: number,
): StabilityContext | undefined {
  const within = context.blocks.filter((block) => block.end <= end).length;
  const count = within - (within % 2);
  if (count === context.blocks.length) return context;
  if (count < 2) return undefined;
  const pairs = Math.min(context.pairs, distinctPairs(count));
  if (pairs < context.pairs && leastThreshold(pairs) > threshold) return undefined;
  const blocks = context.blocks.slice(0, count);
  return { ...context, blocks, rows: blocks.at(-1)!.end, pairs };
}
