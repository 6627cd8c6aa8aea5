import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import type { TargetBinsKernel } from '../stability/target-bins.js';

/** Rows of the first `rows` in every bin of every column: [column][bins]. */
export function binCounts(matrix: BinnedMatrix, rows: number): Int32Array {
  const arena = new Arena(matrix.memory);
  const kernel = loadKernel<TargetBinsKernel>('target-bins', matrix.memory);
  const scope = new ArenaScope(arena);
  const { bins, columns } = matrix;
  try {
    const address = scope.allocate(bins * 4, 'counts of bins');
    const counts = arena.i32(address, bins);
    const all = new Int32Array(columns * bins);
    for (let column = 0; column < columns; column++) {
      counts.fill(0);
      kernel.countBins(matrix.columnAddress(column), 0, rows, address);
      all.set(counts, column * bins);
    }
    return all;
  } finally {
    scope.release();
  }
}
