import type { RowBlock } from '../stability/time-blocks.js';

/** Lags, in rows, at which dependence in time is measured, and how many lags each stands for. */
export interface Lags {
  readonly rows: readonly number[];
  readonly width: readonly number[];
}

/** Lags are this far apart, in relation to themselves, where they are not neighbours. */
const SPREAD = 1.1;
/** Rows at which a lag is measured, about. */
const MEASURED_ROWS = 6000;

/**
 * Lags up to the bars over which a target depends on itself: every one of the first, which say most of features that
 * soon forget, then ever fewer.
 *
 * @param bar ordinal of each row's bar, ascending
 */
export function dependenceLags(bar: Int32Array, rows: number, dependenceBars: number): Lags {
  const spacing = (bar[rows - 1]! - bar[0]!) / Math.max(1, rows - 1);
  const wanted = Math.ceil(dependenceBars / Math.max(1, spacing));
  const longest = Math.max(1, Math.min(wanted, Math.floor(rows / 64)));
  const lags: number[] = [];
  for (let lag = 1; lag < longest; lag = Math.max(lag + 1, Math.round(lag * SPREAD))) lags.push(lag);
  lags.push(longest);
  const edges = [0.5, ...lags.slice(1).map((lag, k) => (lag + lags[k]!) / 2), longest + 0.5];
  return { rows: lags, width: lags.map((_, k) => edges[k + 1]! - edges[k]!) };
}

/** Correlation of a series about zero with itself, by lag, within blocks, on rows spread evenly. @param values by row number */
export function seriesCorrelation(
  values: Float64Array,
  blocks: readonly RowBlock[],
  { rows: lags }: Lags,
): Float64Array {
  const longest = lags.at(-1)!;
  const total = blocks.reduce((sum, { begin, end }) => sum + end - begin, 0);
  const step = Math.max(1, Math.floor(total / MEASURED_ROWS));
  // One lag at a time: a loop that only adds up is several times as fast as one over rows and lags.
  const product = (lag: number): number => {
    let sum = 0;
    for (const { begin, end } of blocks) {
      for (let row = begin; row < end - longest; row += step) sum += values[row]! * values[row + lag]!;
    }
    return sum;
  };
  const square = product(0);
  const products = Float64Array.from(lags, product);
  return square > 0 ? products.map((each) => each / square) : products;
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
export function lagWeights(target: Float64Array, { width }: Lags): Float64Array {
  return target.map((correlation, k) => 2 * width[k]! * Math.max(0, correlation));
}
