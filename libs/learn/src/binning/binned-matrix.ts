import type { BinnedMatrixHandle } from './matrix-storage.js';

/**
 * One-byte bins of all columns, in shared WebAssembly memory. Bin 0 means missing (NaN); values have bins
 * 1, 2, ... in ascending order. Read-only once built; any number of threads may read it at once.
 */
export interface BinnedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly bins: number;
  readonly memory: WebAssembly.Memory;
  /** Post this to a worker thread and open it there with `openBinnedMatrix`. */
  readonly handle: BinnedMatrixHandle;
  /** Hash of all bounds: models refuse a matrix whose bins mean something else. */
  readonly fingerprint: number;
  /** Bins of the column that stand for values (0 for a column without any value in the fit rows). */
  valueBins(column: number): number;
  /** Ascending upper bounds, inclusive, of all value bins but the last, which is open. */
  bounds(column: number): Float64Array;
  /**
   * What each bin stands for: the mean of the fit rows' values in it, but no further out than all but an eighth of them,
   * `bins` entries; NaN for bin 0 and for bins without fit rows.
   */
  representatives(column: number): Float64Array;
  /** The bin of every row. */
  readColumn(column: number, into?: Uint8Array): Uint8Array;
  /** Address of the column's byte of row 0; rows are 8 bytes apart. */
  columnAddress(column: number): number;
  /** Storage slot of the column: slot s is byte s % 8 of group floor(s / 8). */
  slot(column: number): number;
  /** A new small matrix, in a memory of its own, of the given columns in the given order. */
  subset(columns: readonly number[]): BinnedMatrix;
  /**
   * Hands the memory on to the next matrix of this thread. To be called by the thread that made the matrix,
   * once no thread uses it any more; without it the memory waits for garbage collection, which comes late.
   */
  release(): void;
}
