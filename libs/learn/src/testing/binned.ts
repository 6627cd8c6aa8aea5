import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { BinnedMatrixBuilder } from '../binning/binned-matrix-builder.js';

/** Columns of the same length as a matrix. @param fitRows leading rows that bounds are fitted on; default all */
export function binned(
  columns: readonly (Float32Array | Float64Array)[],
  bins = 64,
  fitRows = columns[0]!.length,
): BinnedMatrix {
  const builder = new BinnedMatrixBuilder(columns[0]!.length, columns.length, { bins, fitRows });
  columns.forEach((values, position) => {
    builder.addColumn(position, values);
  });
  return builder.finish();
}
