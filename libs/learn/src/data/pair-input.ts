import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { PairTarget } from './pair-target.js';

/** One pair's data; all rows are in time order. */
export interface PairInput {
  readonly matrix: BinnedMatrix;
  /** One per matrix column, as are the next two. */
  readonly featureIds: readonly string[];
  readonly nullShare: Float64Array;
  readonly contentHash: readonly string[];
  /** Features that are in no column since their values are a target, or follow one that is later: evidence against their tables. */
  readonly holdingTargets?: readonly string[];
  /** Epoch milliseconds of each row. */
  readonly time: Float64Array;
  /** Ordinal of the bar of each row in the full series, strictly increasing. */
  readonly bar: Int32Array;
  readonly targetWindow: number;
  /** The target's value at the row itself, bqx_W[t]; NaN = missing. */
  readonly persistence: Float64Array;
  /** All targets that the data has, learned or not: a feature that gives away one is refused for all. */
  readonly targets: readonly PairTarget[];
}
