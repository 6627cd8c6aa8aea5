import { distinctPairs } from './complementary-pairs.js';

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

export interface StabilitySize {
  rows: number;
  columns: number;
  blocks: number;
  /** Cells of a column's table: the matrix's bins. Default 64. */
  bins?: number;
  /** Most features a fit selects (q). Default 200. */
  q?: number;
  /** Threads that work at the same time. Default 1. */
  threads?: number;
}

/** Bytes that the selections of a pair share: block Gram matrices, tables, and what is known of blocks. */
export function sharedStabilityBytes({ columns, blocks, bins = 64 }: StabilitySize): number {
  return gramBytes(columns, blocks) + columns * bins * 2 + blocks * gramPitch(columns) * 12;
}

/**
 * Bytes that selection adds to the matrix's memory: block Gram matrices and tables, once a pair; a target
 * summed by bins, a horizon at a time; and the scratch of every thread.
 */
export function estimateStabilityBytes(size: StabilitySize): number {
  const { rows, columns, blocks, bins = 64, q = 200, threads = 1 } = size;
  const pitch = gramPitch(columns);
  const { left, right, sums } = gramScratchBytes(columns);
  const target = columns * blocks * bins * 8 + rows * 17;
  const selecting = columns * 64 + pitch * 17 + q * (pitch + q) * 4;
  return (
    sharedStabilityBytes(size) +
    Math.max(threads * (left + right + sums + pitch * 8), target + threads * selecting)
  );
}

/**
 * The even number of blocks, at most `wanted`, whose Gram matrices fit `limit` bytes.
 *
 * @param pairs different complementary pairs that must remain possible
 * @throws RangeError with the arithmetic when too few fit
 */
export function affordableBlocks(columns: number, wanted: number, pairs: number, limit: number): number {
  let blocks = wanted - (wanted % 2);
  while (blocks > 2 && gramBytes(columns, blocks) > limit) blocks -= 2;
  if (gramBytes(columns, blocks) > limit || distinctPairs(blocks) < pairs) {
    throw new RangeError(
      `${columns} columns x ${columns} x 2 bytes x ${wanted} blocks = ${gramBytes(columns, wanted)} bytes of Gram matrices; ` +
        `${limit} bytes hold ${blocks} blocks, which make ${distinctPairs(blocks)} different pairs of ${pairs} wanted: prune more, raise the limit or ask for fewer pairs`,
    );
  }
  return blocks;
}
