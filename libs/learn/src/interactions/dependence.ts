import type { RowBlock } from '../stability/time-blocks.js';

/** Lags, in rows, at which dependence in time is measured, and the lags that each stands for. */
export interface Lags {
  readonly rows: readonly number[];
  readonly each: number;
}

/** Lags measured at most; more are thinned out evenly. */
const MOST_LAGS = 32;
/** Rows at which a lag is measured, about. */
const MEASURED_ROWS = 6000;

/** Lags up to the bars over which a target depends on itself. @param bar ordinal of each row's bar, ascending */
export function dependenceLags(bar: Int32Array, rows: number, dependenceBars: number): Lags {
  const spacing = (bar[rows - 1]! - bar[0]!) / Math.max(1, rows - 1);
  const longest = Math.max(
    1,
    Math.min(Math.ceil(dependenceBars / Math.max(1, spacing)), Math.floor(rows / 64)),
  );
  const each = Math.ceil(longest / MOST_LAGS);
  return { rows: Array.from({ length: Math.ceil(longest / each) }, (_, k) => (k + 1) * each), each };
}

/** Correlation of a series about zero with itself, by lag, within blocks, on rows spread evenly. */
export function seriesCorrelation(
  value: (row: number) => number,
  blocks: readonly RowBlock[],
  { rows: lags }: Lags,
): Float64Array {
  const longest = lags.at(-1)!;
  const total = blocks.reduce((sum, { begin, end }) => sum + end - begin, 0);
  const step = Math.max(1, Math.floor(total / MEASURED_ROWS));
  const products = new Float64Array(lags.length);
  let square = 0;
  for (const { begin, end } of blocks) {
    for (let row = begin; row < end - longest; row += step) {
      const own = value(row);
      square += own * own;
      for (let k = 0; k < lags.length; k++) products[k]! += own * value(row + lags[k]!);
    }
  }
  return square > 0 ? products.map((product) => product / square) : products;
}

/**
 * How much wider dependence in time makes a sum of products of two series: 1 + 2 sum over lags of the product of
 * both autocorrelations (Bartlett 1935), at least 1.
 */
export function inflationOf(own: ArrayLike<number>, weights: ArrayLike<number>): number {
  let sum = 1;
  for (let k = 0; k < weights.length; k++) sum += weights[k]! * own[k]!;
  return Math.max(1, sum);
}

/** What each lag of the other series counts in {@link inflationOf}; negative dependence is left out. */
export function lagWeights(target: Float64Array, { each }: Lags): Float64Array {
  return target.map((correlation) => 2 * each * Math.max(0, correlation));
}
