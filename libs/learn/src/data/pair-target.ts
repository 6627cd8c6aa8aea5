/** One target of a pair, by row; NaN = missing. */
export interface PairTarget {
  /** Bars ahead. */
  readonly horizon: number;
  /** bqx_W[t + horizon]. */
  readonly target: Float64Array;
  /** Already-known part of the target; null where horizon >= window, or when it is not available. */
  readonly knownPart: Float64Array | null;
}
