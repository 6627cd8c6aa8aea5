import type { FoundSplit } from './tree-assembly.js';

/** A leaf of the tree that grows: a range of the row arrays, its sums, and what could be done with it. */
export interface OpenLeaf {
  readonly leaf: number;
  readonly start: number;
  readonly count: number;
  readonly depth: number;
  /** Quantised sums. */
  readonly gradient: number;
  readonly hessian: number;
  /** Bounds of the leaf's output, in score units; finite only under monotone constraints. */
  readonly lowest: number;
  readonly highest: number;
  /** Where the rows' bins are. */
  block: number;
  stride: number;
  /** Whether the rows lie at 0 .. count - 1 of the block, so that no positions are needed. */
  dense: boolean;
  /** Address of its histograms, 0 without. */
  histograms: number;
  split: FoundSplit | undefined;
}
