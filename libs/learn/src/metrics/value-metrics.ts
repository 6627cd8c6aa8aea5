import type { WeightedStatistic } from './weighted-statistic.js';

/** 1 - squared error / squared deviation from `reference` (by default the mean of the scored values). */
export function r2(
  prediction: Float64Array,
  value: Float64Array,
  reference?: Float64Array,
): WeightedStatistic {
  return (multiplicity) => {
    let total = 0;
    let sum = 0;
    for (let row = 0; row < value.length; row++) {
      const m = multiplicity ? multiplicity[row]! : 1;
      total += m;
      sum += m * value[row]!;
    }
    const mean = sum / total;
    let residual = 0;
    let deviation = 0;
    for (let row = 0; row < value.length; row++) {
      const m = multiplicity ? multiplicity[row]! : 1;
      residual += m * (value[row]! - prediction[row]!) ** 2;
      deviation += m * (value[row]! - (reference ? reference[row]! : mean)) ** 2;
    }
    return 1 - residual / deviation;
  };
}

/** Pearson correlation of prediction and value (information coefficient). */
export function correlation(x: Float64Array, y: Float64Array): WeightedStatistic {
  return (multiplicity) => {
    let total = 0;
    let sumX = 0;
    let sumY = 0;
    for (let row = 0; row < x.length; row++) {
      const m = multiplicity ? multiplicity[row]! : 1;
      total += m;
      sumX += m * x[row]!;
      sumY += m * y[row]!;
    }
    const meanX = sumX / total;
    const meanY = sumY / total;
    let xx = 0;
    let yy = 0;
    let xy = 0;
    for (let row = 0; row < x.length; row++) {
      const m = multiplicity ? multiplicity[row]! : 1;
      const dx = x[row]! - meanX;
      const dy = y[row]! - meanY;
      xx += m * dx * dx;
      yy += m * dy * dy;
      xy += m * dx * dy;
    }
    return xy / Math.sqrt(xx * yy);
  };
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
