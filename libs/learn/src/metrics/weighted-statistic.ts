/**
 * A statistic of the scored rows under given multiplicities: how often each row counts, one number a row.
 * The block bootstrap evaluates it once per resampling; without multiplicities every row counts once.
 * NaN where it is not defined (e.g. AUC of one class).
 */
export type WeightedStatistic = (multiplicity?: Float64Array) => number;

/** Mean of a per-row value; rows with value NaN do not count. */
export function weightedMean(value: Float64Array): WeightedStatistic {
  return (multiplicity) => {
    let sum = 0;
    let total = 0;
    for (let row = 0; row < value.length; row++) {
      const v = value[row]!;
      if (Number.isNaN(v)) continue;
      const m = multiplicity ? multiplicity[row]! : 1;
      sum += m * v;
      total += m;
    }
    return sum / total;
  };
}
