import type { DatasetColumn, DatasetMeta } from '@onescan/dataset/dataset.js';
import type { BinnedMatrix } from '@onescan/learn/binning/binned-matrix.js';
import type { PairTarget } from '@onescan/learn/data/pair-target.js';

/** All of a pair that learning needs, in memory; the file is closed. */
export interface LoadedPair {
  meta: DatasetMeta;
  /** The whole universe, included and excluded. */
  columns: readonly DatasetColumn[];
  /** Columns of the matrix, in order. */
  included: readonly DatasetColumn[];
  time: Float64Array;
  bar: Int32Array;
  persistence: Float64Array;
  /** By horizon. */
  targets: ReadonlyMap<number, PairTarget>;
  matrix: BinnedMatrix;
}
