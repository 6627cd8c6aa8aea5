import { contrastBytes, gramBytes, gramPitch, gramScratchBytes } from './gram-bytes.js';
import { DEFAULT_STABILITY_METHODS, STABILITY_METHODS, type StabilityMethod } from './stability-methods.js';
import { statisticsBytes } from './subsample-statistics.js';

/** Variables that enter the elastic-net path on all rows before the others are ordered by their gradients. */
const RANKED = 200;

/** Most variables of the elastic-net path that ranks features on all rows. */
export function rankingDepth(q: number, columns: number): number {
  return Math.max(q, Math.min(RANKED, columns));
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
  const { rows, columns, blocks, bins = 64, q = 200, threads = 1, fitRows = rows } = size;
  const methods = (size.methods ?? DEFAULT_STABILITY_METHODS).map((name) => STABILITY_METHODS[name]);
  const { left, right, sums } = gramScratchBytes(columns);
  const target = columns * blocks * bins * 8 + rows * 17;
  const labels = methods.some(({ needsLabels }) => needsLabels) ? rows * 8 : 0;
  const scratch = (some: number, limit: number) =>
    methods.reduce(
      (sum, method) => sum + method.bytes({ rows, columns, bins, fitRows: some, limit }),
      statisticsBytes(columns),
    );
  const fit = scratch(fitRows / 2, q);
  const ranking = scratch(fitRows, rankingDepth(q, columns));
  const selecting = target + labels + Math.max(threads * fit, ranking);
  const building = threads * (left + right + sums + gramPitch(columns) * 8);
  return sharedStabilityBytes(size) + Math.max(building, selecting);
}
