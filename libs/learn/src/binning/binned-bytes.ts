import { LearnInputError } from '../errors/learn-input-error.js';
import { MAX_MEMORY_BYTES } from '../kernels/arena.js';

/** Columns that share a group; a group keeps 8 bytes a row, one a column. */
export const GROUP_COLUMNS = 8;
export const DEFAULT_BINS = 64;
export const MAX_BINS = 256;
/** Six passes over 11 bits each of a float64. */
export const RADIX_TABLE_BYTES = 6 * 2048 * 4;
const PAGE = 65536;
const ALIGN = 64;

/** Groups of 8 columns that `columns` columns fill. */
export function groupCount(columns: number): number {
  return Math.ceil(columns / GROUP_COLUMNS);
}

/** Histogram cells kept a column: the kernels know strides of 64, 128 and 256. */
export function histogramCells(bins: number): 64 | 128 | 256 {
  if (bins <= 64) return 64;
  return bins <= 128 ? 128 : 256;
}

/** Bytes of the facts kept beside the bins: bounds, representatives, counts and slots. */
export function factBytes(columns: number, bins: number): number {
  return columns * (2 * 8 * bins + 8) + 4 * ALIGN;
}

/** Scratch of a builder: a column of float64, two sort areas, counts of values, count tables and padded bounds. */
export function builderScratchBytes(rows: number): number {
  return 28 * rows + RADIX_TABLE_BYTES + 8 * MAX_BINS + 8 * ALIGN;
}

/**
 * Bytes of shared memory that a binned matrix takes while it is built (bins, bounds and the builder's
 * scratch); growing trees comes on top, see `estimateBoosterBytes`.
 */
export function estimateBinnedBytes(rows: number, columns: number, bins: number = DEFAULT_BINS): number {
  const block = groupCount(columns) * GROUP_COLUMNS * rows;
  return PAGE + block + factBytes(columns, bins) + builderScratchBytes(rows);
}

/** @throws LearnInputError when the size is not a valid one or cannot fit 32-bit addresses */
export function checkMatrixSize(rows: number, columns: number, bins: number): void {
  if (!Number.isInteger(rows) || rows < 1)
    throw new LearnInputError(`rows must be a positive whole number, got ${rows}`);
  if (!Number.isInteger(columns) || columns < 1) {
    throw new LearnInputError(`columns must be a positive whole number, got ${columns}`);
  }
  if (!Number.isInteger(bins) || bins < 3 || bins > MAX_BINS) {
    throw new LearnInputError(`bins must be a whole number from 3 to ${MAX_BINS}, got ${bins}`);
  }
  const bytes = estimateBinnedBytes(rows, columns, bins);
  if (bytes > MAX_MEMORY_BYTES) {
    throw new LearnInputError(
      `${rows} rows x ${columns} columns need ${bytes} bytes, one shared memory holds ${MAX_MEMORY_BYTES}`,
    );
  }
}
