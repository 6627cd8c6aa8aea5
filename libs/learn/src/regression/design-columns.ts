import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { standardisedLevels } from '../numeric/standardised-levels.js';

/**
 * Standardised values of binned features for linear models: each bin stands for the mean of its values on
 * the binning's fit rows; mean and deviation are taken over `fitRows`; missing values become 0, the mean.
 *
 * @returns one array of all rows a column; a column that is constant on `fitRows` is all zeros
 */
export function designColumns(
  matrix: BinnedMatrix,
  columns: readonly number[],
  fitRows: Uint32Array,
): Float64Array[] {
  return columns.map((column) => designColumn(matrix, column, fitRows));
}

/** The same of one column. */
export function designColumn(matrix: BinnedMatrix, column: number, fitRows: Uint32Array): Float64Array {
  const bins = matrix.readColumn(column);
  const levels = levelsOver(matrix, { column, bins, fitRows });
  return Float64Array.from(bins, (bin) => levels[bin]!);
}

/**
 * What `designColumns` gives for each bin of one column.
 * @returns one value a bin, 0 for missing values
 */
export function designOfBins(matrix: BinnedMatrix, column: number, fitRows: Uint32Array): Float64Array {
  return levelsOver(matrix, { column, bins: matrix.readColumn(column), fitRows });
}

function levelsOver(
  matrix: BinnedMatrix,
  { column, bins, fitRows }: { column: number; bins: Uint8Array; fitRows: Uint32Array },
): Float64Array {
  const counts = new Uint32Array(matrix.bins);
  for (const row of fitRows) counts[bins[row]!]!++;
  return standardisedLevels(matrix.representatives(column), counts);
}

/** What a column is standardised by: (value - mean) * scale. */
export interface Standardising {
  readonly mean: number;
  /** One over the deviation; 0 for a column that does not vary. */
  readonly scale: number;
}

/** Mean and scale of the values that are there, over `fitRows`. */
export function standardisingOf(value: Float64Array, fitRows: Uint32Array): Standardising {
  let count = 0;
  let sum = 0;
  for (const row of fitRows) {
    if (Number.isNaN(value[row])) continue;
    count++;
    sum += value[row]!;
  }
  const mean = sum / count;
  let squares = 0;
  for (const row of fitRows) {
    if (!Number.isNaN(value[row])) squares += (value[row]! - mean) ** 2;
  }
  const deviation = Math.sqrt(squares / count);
  return { mean, scale: deviation > 1e-12 * Math.abs(mean) && deviation > 0 ? 1 / deviation : 0 };
}

/** Subtracts the mean and multiplies by the scale; NaN becomes 0. */
export function standardised(value: Float64Array, { mean, scale }: Standardising): Float64Array {
  return value.map((each) => {
    const z = (each - mean) * scale;
    return Number.isFinite(z) ? z : 0;
  });
}
