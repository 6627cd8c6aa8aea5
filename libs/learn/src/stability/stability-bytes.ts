import { DEFAULT_BOOSTER_PARAMS } from '../boosting/booster-params.js';
import { estimateBoosterBytes } from '../boosting/grower-memory.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { distinctPairs } from './complementary-pairs.js';
import { CONTRASTS, contrastPitch } from './curvature-contrasts.js';
import { DEFAULT_STABILITY_METHODS, type StabilityMethod } from './stability-method.js';
import { STUMP_COLUMNS, STUMPS } from './stump-params.js';
import { statisticsBytes } from './subsample-statistics.js';

/** Variables that enter the elastic-net path on all rows before the others are ordered by their gradients. */
const RANKED = 200;

/** Most variables of the elastic-net path that ranks features on all rows. */
export function rankingDepth(q: number, columns: number): number {
  return Math.max(q, Math.min(RANKED, columns));
}

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
  /** Rows that selection looks at. Default: all. */
  fitRows?: number;
  /** Default: the default methods of stability selection. */
  methods?: readonly StabilityMethod[];
}

/** Bytes that the selections of a pair share: block Gram matrices, tables, and what is known of blocks. */
export function sharedStabilityBytes({ columns, blocks, bins = 64 }: StabilitySize): number {
  return (
    gramBytes(columns, blocks) +
    columns * bins * 2 +
    contrastBytes(columns, bins) +
    blocks * gramPitch(columns) * 12
  );
}

/**
 * Bytes that selection adds to the matrix's memory: block Gram matrices and tables, once a pair; a target
 * summed by bins, a horizon at a time; and the scratch of every thread, or of the one that ranks on all rows.
 */
export function estimateStabilityBytes(size: StabilitySize): number {
  const { rows, columns, blocks, bins = 64, q = 200, threads = 1 } = size;
  const { methods = DEFAULT_STABILITY_METHODS } = size;
  const pitch = gramPitch(columns);
  const { left, right, sums } = gramScratchBytes(columns);
  const target = columns * blocks * bins * 8 + rows * 17;
  const path = (limit: number) => (methods.includes('elastic-net') ? pathBytes(columns, limit) : 0);
  const boosts = methods.includes('stumps');
  const stumps = (some: number) => (boosts ? stumpBytes({ ...size, bins, fitRows: some }) : 0);
  const { fitRows = rows } = size;
  const labels = boosts ? rows * 8 : 0;
  const fit = statisticsBytes(columns) + path(q) + stumps(fitRows / 2);
  const ranking = statisticsBytes(columns) + path(rankingDepth(q, columns)) + stumps(fitRows);
  const selecting = target + labels + Math.max(threads * fit, ranking);
  return sharedStabilityBytes(size) + Math.max(threads * (left + right + sums + pitch * 8), selecting);
}

/** Scratch of an elastic-net path to `limit` variables. */
function pathBytes(columns: number, limit: number): number {
  const pitch = gramPitch(columns);
  return pitch * 17 + limit * (pitch + limit) * 4;
}

/** Scratch of boosted stumps on some rows. */
function stumpBytes({
  rows,
  columns,
  bins,
  fitRows,
}: StabilitySize & { bins: number; fitRows: number }): number {
  const chosen = Math.min(STUMP_COLUMNS, columns);
  return estimateBoosterBytes(
    { rows: Math.ceil(fitRows), columns: chosen, bins, matrixRows: rows, gathered: columns > chosen },
    { ...DEFAULT_BOOSTER_PARAMS, ...STUMPS },
  );
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
