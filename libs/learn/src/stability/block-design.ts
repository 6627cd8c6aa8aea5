import { distinctPairs } from './complementary-pairs.js';
import type { TimeBlocksInput } from './time-blocks.js';

export interface BlockDesignInput {
  /** Ordinal of each row's bar, ascending. */
  readonly bar: Int32Array;
  /** Leading rows that features are selected on. */
  readonly rows: number;
  readonly targetWindow: number;
  readonly config: {
    readonly select: { readonly pairs: number; readonly blocks: number };
    readonly protocol: { readonly purgeBars: number };
  };
}

/** A block should be at least this many purges long, or most of its rows are purged away. */
const PURGES_A_BLOCK = 3;

/** The blocks of time that subsamples are made of: most, an even number, that are long enough; no fewer than pairs need. */
export function blockDesign({ bar, rows, targetWindow, config }: BlockDesignInput): TimeBlocksInput {
  const { pairs, blocks: most } = config.select;
  const purgeBars = config.protocol.purgeBars + targetWindow;
  const bars = bar[rows - 1]! - bar[0]!;
  let blocks = most - (most % 2);
  while (bars / blocks < PURGES_A_BLOCK * purgeBars && distinctPairs(blocks - 2) >= pairs) blocks -= 2;
  return { bar, rows, purgeBars, blocks };
}
