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
  const pairs = pairsAllowed(count, context.pairs, threshold);
  if (pairs === undefined) return undefined;
  const blocks = context.blocks.slice(0, count);
  return { ...context, blocks, rows: blocks.at(-1)!.end, pairs };
}

/** Of the pairs that are wanted, those that so many blocks make; undefined where they are too few for the threshold. */
function pairsAllowed(blocks: number, wanted: number, threshold: number): number | undefined {
  if (blocks < 2) return undefined;
  const pairs = Math.min(wanted, distinctPairs(blocks));
  return pairs < wanted && leastThreshold(pairs) > threshold ? undefined : pairs;
}

/** Most of a block that the purge before a fold may take: blocks are three purges long where pairs allow it. */
const PURGED_PART = 0.34;

/**
 * Whether a selection on the first `share` of the rows of so many blocks may find too few whole ones before its end, and so
 * builds blocks of its own beside them.
 */
export function mayNeedOwnBlocks(blocks: number, share: number, pairs: number, threshold: number): boolean {
  const within = Math.floor(blocks * share - PURGED_PART);
  return pairsAllowed(within - (within % 2), pairs, threshold) === undefined;
}
