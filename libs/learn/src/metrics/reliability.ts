import { type WeightedStatistic, weightedMean } from './weighted-statistic.js';

/** Bins of the reliability curve, as many as those of the expected calibration error. */
export const RELIABILITY_BINS = 10;

/** Rows whose predicted probabilities are neighbours. */
export interface ReliabilityBin {
  readonly rows: number;
  /** Least, mean and largest predicted probability of "up". */
  readonly low: number;
  readonly mean: number;
  readonly high: number;
}

/**
 * Cuts rows into bins of (nearly) equally many by predicted probability, lowest first, ties in order of
 * rows; fewer bins when there are fewer rows.
 *
 * @returns bin of every row and what each bin holds
 */
export function reliabilityBins(probability: Float64Array): { of: Uint8Array; bins: ReliabilityBin[] } {
  const count = Math.min(RELIABILITY_BINS, probability.length);
  const order = Uint32Array.from(probability.keys()).sort(
    (i, j) => probability[i]! - probability[j]! || i - j,
  );
  const of = new Uint8Array(probability.length);
  const bins = Array.from({ length: count }, (_, bin): ReliabilityBin => {
    const begin = Math.ceil((bin * order.length) / count);
    const end = Math.ceil(((bin + 1) * order.length) / count);
    const inside = order.subarray(begin, end);
    for (const row of inside) of[row] = bin;
    const sum = inside.reduce((total, row) => total + probability[row]!, 0);
    return {
      rows: inside.length,
      low: probability[inside[0]!]!,
      mean: sum / inside.length,
      high: probability[inside.at(-1)!]!,
    };
  });
  return { of, bins };
}

/** Share of "up" in every bin. */
export function reliabilityStatistics(probability: Float64Array, label: Float64Array): WeightedStatistic[] {
  const { of, bins } = reliabilityBins(probability);
  return bins.map((_, bin) => weightedMean(label.map((up, row) => (of[row] === bin ? up : Number.NaN))));
}
