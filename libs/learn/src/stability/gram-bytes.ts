import { LearnInputError } from '../errors/learn-input-error.js';
import { distinctPairs } from './complementary-pairs.js';
import { CONTRASTS, contrastPitch } from './curvature-contrasts.js';

/** Columns of a strip of the Gram matrix: its right operand stays in the second-level cache. */
export const STRIP = 512;
/** Memory that block Gram matrices may take unless told otherwise. */
export const DEFAULT_GRAM_BYTES = 2.7e9;
const CHUNK_ROWS = 512;
const LEFT_COLUMNS = 64;

/** Row length of the square matrices: whole vectors of eight. */
export function gramPitch(columns: number): number {
  return Math.ceil(columns / 8) * 8;
}

/** Bytes of the block Gram matrices: one int16 square a block. */
export function gramBytes(columns: number, blocks: number): number {
  return 2 * columns * gramPitch(columns) * blocks;
}

/** Bytes of the scratch that the Gram kernel needs. */
export function gramScratchBytes(columns: number): { left: number; right: number; sums: number } {
  const width = Math.min(STRIP, gramPitch(columns));
  return {
    left: LEFT_COLUMNS * CHUNK_ROWS * 2,
    right: width * CHUNK_ROWS * 2,
    sums: (columns + 4) * width * 4,
  };
}

/** Bytes of the contrasts of all columns. */
export function contrastBytes(columns: number, bins: number): number {
  return columns * CONTRASTS * contrastPitch(bins) * 4;
}

/**
 * The even number of blocks, at most `wanted`, whose Gram matrices fit `limit` bytes.
 *
 * @param pairs different complementary pairs that must remain possible
 * @throws LearnInputError with the arithmetic when too few fit
 */
export function affordableBlocks(columns: number, wanted: number, pairs: number, limit: number): number {
  let blocks = wanted - (wanted % 2);
  while (blocks > 2 && gramBytes(columns, blocks) > limit) blocks -= 2;
  if (gramBytes(columns, blocks) > limit || distinctPairs(blocks) < pairs) {
    throw new LearnInputError(
      `${columns} columns x ${columns} x 2 bytes x ${wanted} blocks = ${gramBytes(columns, wanted)} bytes of Gram matrices; ` +
        `${limit} bytes hold ${blocks} blocks, which make ${distinctPairs(blocks)} different pairs of ${pairs} wanted: prune more, raise the limit or ask for fewer pairs`,
    );
  }
  return blocks;
}
