import type { BinnedMatrixHandle } from '../binning/matrix-storage.js';
import type { RowBlock } from './time-blocks.js';

/**
 * What selection needs of a pair whatever the horizon: blocks of time, standardised values of the bins and
 * one Gram matrix a block. Plain data over the matrix's shared memory: it can be posted to another thread,
 * and several threads may select from it at once.
 */
export interface StabilityContext {
  readonly matrix: BinnedMatrixHandle;
  /** As given. */
  readonly candidates: readonly number[];
  /** The candidates in the order they have in Gram matrices: by storage slot. */
  readonly columns: Int32Array;
  /** Position in `candidates` of each of `columns`. */
  readonly position: Int32Array;
  readonly rows: number;
  readonly purgeBars: number;
  readonly pairs: number;
  readonly blocks: readonly RowBlock[];
  readonly pitch: number;
  /** Addresses: int16 [column][bins]. */
  readonly tables: number;
  /** float32 [column][contrast][bins rounded up to four]: see curvature-contrasts.ts. */
  readonly contrasts: number;
  /** int16 [block][column][pitch]: correlations about zero x 32767. */
  readonly gram: number;
  /** float32 [block][pitch]: root of the sum of squares, in standard deviations. */
  readonly norms: number;
  /** float64 [block][pitch]: sum of values, in standard deviations. */
  readonly totals: number;
}
