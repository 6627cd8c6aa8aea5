import { gramPitch, gramScratchBytes } from '../stability/gram-bytes.js';
import { SCORE_CELLS } from './products-kernel.js';

/** Pairs of so many columns. */
export function pairCount(columns: number): number {
  return (columns * (columns - 1)) / 2;
}

/** Places of pairs in memory: whole vectors of eight. */
export function pairPitch(columns: number): number {
  return Math.ceil(pairCount(columns) / 8) * 8;
}

export interface InteractionSize {
  readonly rows: number;
  /** Columns whose pairs are tested. */
  readonly columns: number;
  readonly blocks: number;
  readonly bins: number;
  /** Default 1. */
  readonly threads?: number;
}

/** Bytes that the test for interactions takes in the matrix's memory while it runs. */
export function estimateInteractionBytes({
  rows,
  columns,
  blocks,
  bins,
  threads = 1,
}: InteractionSize): number {
  const pitch = pairPitch(columns);
  const shared = gramPitch(columns) * 4 + columns * bins * 4 + rows * 4 + pitch * (2 * blocks + 4);
  const { left, right, sums } = gramScratchBytes(columns);
  return shared + threads * Math.max(left + right + sums, 2 * 4 * (pitch + SCORE_CELLS));
}
