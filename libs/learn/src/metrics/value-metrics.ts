import { runningSum } from './resample.js';
import type { WeightedStatistic } from './weighted-statistic.js';

/** 1 - squared error / squared deviation from `reference` (by default the mean of the scored values). */
export function r2(
  prediction: Float64Array,
  value: Float64Array,
  reference?: Float64Array,
): WeightedStatistic {
  const centred = withoutMean(value);
  const squares = (of: (own: number, row: number) => number) =>
    runningSum(value.map((own, row) => of(own, row) ** 2));
  const residual = squares((own, row) => own - prediction[row]!);
  const deviation = reference
    ? squares((own, row) => own - reference[row]!)
    : runningSum(product(centred, centred));
  const shift = runningSum(centred);
  return (resample) => {
    const sum = (running: Float64Array) => (resample ? resample.sum(running) : running.at(-1)!);
    const total = reference ? sum(deviation) : sum(deviation) - sum(shift) ** 2 / value.length;
    return 1 - sum(residual) / total;
  };
}

/** Pearson correlation of prediction and value (information coefficient). */
export function correlation(x: Float64Array, y: Float64Array): WeightedStatistic {
  const [a, b] = [withoutMean(x), withoutMean(y)];
  const moments = [a, b, product(a, a), product(b, b), product(a, b)].map(runningSum);
  return (resample) => {
    const [sumX, sumY, xx, yy, xy] = moments.map((running) =>
      resample ? resample.sum(running) : running.at(-1)!,
    );
    const rows = x.length;
    const covariance = xy! - (sumX! * sumY!) / rows;
    return covariance / Math.sqrt((xx! - sumX! ** 2 / rows) * (yy! - sumY! ** 2 / rows));
  };
}

/**
 * What each row adds to the correlation, less its share of it, over the number of rows: zx zy - r (zx^2 + zy^2) / 2 of the
 * standardised values (Devlin, Gnanadesikan & Kettenring 1975). NaN where one of them does not vary.
 */
export function correlationInfluence(x: Float64Array, y: Float64Array): Float64Array {
  const standardised = (value: Float64Array) => {
    const centred = withoutMean(value);
    const size = Math.sqrt(centred.reduce((sum, own) => sum + own * own, 0) / value.length);
    return centred.map((own) => own / size);
  };
  const [a, b] = [standardised(x), standardised(y)];
  const r = correlation(x, y)();
  return a.map((own, row) => (own * b[row]! - (r * (own ** 2 + b[row]! ** 2)) / 2) / x.length);
}

/** The values less their mean, so that sums of squares lose no digits to it. */
function withoutMean(value: Float64Array): Float64Array {
  const mean = value.reduce((sum, own) => sum + own, 0) / value.length;
  return value.map((own) => own - mean);
}

function product(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((own, row) => own * b[row]!);
}

/**
 * Rank correlation (Spearman). Ranks are those within the whole sample, ties take their mean rank; under
 * multiplicities the ranks stay and only the correlation is taken again.
 */
export function rankCorrelation(x: Float64Array, y: Float64Array): WeightedStatistic {
  return correlation(ranks(x), ranks(y));
}

/** Mean rank of each value, from 1. */
export function ranks(x: Float64Array): Float64Array {
  const order = Uint32Array.from(x.keys()).sort((i, j) => x[i]! - x[j]!);
  const rank = new Float64Array(x.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && x[order[end]!] === x[order[start]!]) end++;
    for (let k = start; k < end; k++) rank[order[k]!] = (start + 1 + end) / 2;
    start = end;
  }
  return rank;
}
