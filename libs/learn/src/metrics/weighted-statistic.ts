/**
 * A statistic of the scored rows under given multiplicities: how often each row counts, one number a row.
 * The block bootstrap evaluates it once per resampling; without multiplicities every row counts once.
 * NaN where it is not defined (e.g. AUC of one class).
 */
export type WeightedStatistic = (multiplicity?: Float64Array) => number;

/** Mean of a per-row value; rows with value NaN do not count. */
export function weightedMean(value: Float64Array): WeightedStatistic {
  const rows = Uint32Array.from(value.keys()).filter((row) => !Number.isNaN(value[row]));
  const counted = Float64Array.from(rows, (row) => value[row]!);
  const plain = counted.reduce((sum, v) => sum + v, 0) / counted.length;
  return (multiplicity) => {
    if (!multiplicity) return plain;
    let sum = 0;
    let total = 0;
    for (let k = 0; k < rows.length; k++) {
      const m = multiplicity[rows[k]!]!;
      sum += m * counted[k]!;
      total += m;
    }
    return sum / total;
  };
}
