import { type Resample, runningSum } from './resample.js';

/**
 * A statistic on the scored rows, or on a resampling of them. The block bootstrap evaluates it once per
 * resampling; without one every row counts once. NaN where it is not defined (e.g. AUC of one class).
 */
export type WeightedStatistic = (resample?: Resample) => number;

/** Mean of a per-row value; rows with value NaN do not count. */
export function weightedMean(value: Float64Array): WeightedStatistic {
  const present = Uint8Array.from(value, (own) => (Number.isNaN(own) ? 0 : 1));
  const sums = runningSum(value);
  const counts = runningSum(present);
  const plain = sums.at(-1)! / counts.at(-1)!;
  return (resample) => (resample ? resample.sum(sums) / resample.sum(counts) : plain);
}
