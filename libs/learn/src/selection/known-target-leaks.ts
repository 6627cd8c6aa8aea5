import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { HorizonData } from '../horizon-data.js';
import { leakReason } from '../selection/leakage.js';

/**
 * Columns that know the target or its unknown part. Both are looked at, whatever is selected for: of the
 * unknown part a copy of the target explains too little to be noticed (a third at horizon 15 of 45), and
 * the other way round.
 *
 * @param rows rows to look at, all usable
 * @returns reasons by matrix column
 */
export function knownTargetLeaks(
  matrix: BinnedMatrix,
  candidates: readonly number[],
  rows: Uint32Array,
  { value, unknown }: Pick<HorizonData, 'value' | 'unknown'>,
): Map<number, string> {
  const aspects = [value, unknown].map((target) => ({ target, sign: target.map(Math.sign) }));
  const leaks = new Map<number, string>();
  const bins = new Uint8Array(matrix.rows);
  for (const column of candidates) {
    matrix.readColumn(column, bins);
    const share = (target: Float64Array) => explainedShare(bins, matrix.bins, rows, target);
    for (const { target, sign } of aspects) {
      const reason = leakReason(share(target), share(sign));
      if (reason !== undefined && !leaks.has(column)) leaks.set(column, reason);
    }
  }
  return leaks;
}

/** Share of the variance at `rows` that lies between bins; 0 for a constant. */
function explainedShare(bins: Uint8Array, binCount: number, rows: Uint32Array, target: Float64Array): number {
  const sums = new Float64Array(binCount);
  const counts = new Float64Array(binCount);
  let total = 0;
  let squares = 0;
  for (const row of rows) {
    const value = target[row]!;
    sums[bins[row]!]! += value;
    counts[bins[row]!]! += 1;
    total += value;
    squares += value * value;
  }
  const mean = total / rows.length;
  let between = 0;
  for (let bin = 0; bin < binCount; bin++) {
    if (counts[bin]! > 0) between += counts[bin]! * (sums[bin]! / counts[bin]! - mean) ** 2;
  }
  const within = squares - rows.length * mean * mean;
  return within > 0 ? between / within : 0;
}
