import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { BinnedMatrixHandle } from '../binning/matrix-storage.js';
import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type ProgressHooks, reportProgress } from '../progress/progress-hooks.js';
import type { TargetBinsKernel } from '../stability/target-bins.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { type PieceRange, pieceRanges } from '../threads/piece-ranges.js';
import type { WorkPool } from '../threads/work-pool.js';

/** Columns that a thread counts at a time. */
const COLUMNS_AT_ONCE = 256;

interface Counting {
  readonly matrix: BinnedMatrixHandle;
  readonly rows: number;
}

/** Counts of a range of columns: [column][bins]. */
export const COUNTED_COLUMNS: PieceKind<Counting, PieceRange, Int32Array> = {
  name: 'counted-columns',
  compute: countColumns,
};

/** Rows of the first `rows` in every bin of every column: [column][bins]. @throws CancelledError */
export function binCounts(
  matrix: BinnedMatrix,
  rows: number,
  pool: WorkPool,
  { isCancelled = () => false }: Pick<ProgressHooks, 'isCancelled'>,
): Int32Array {
  const all = new Int32Array(matrix.columns * matrix.bins);
  const ranges = pieceRanges(matrix.columns, COLUMNS_AT_ONCE);
  const counted = pool.compute(COUNTED_COLUMNS, { matrix: matrix.handle, rows }, ranges, { isCancelled });
  ranges.forEach(([from], piece) => {
    all.set(counted[piece]!, from * matrix.bins);
  });
  return all;
}

function countColumns(
  { matrix: handle, rows }: Counting,
  [from, to]: PieceRange,
  hooks: ProgressHooks,
): Int32Array {
  const matrix = openBinnedMatrix(handle);
  const { bins } = matrix;
  const kernel = loadKernel<TargetBinsKernel>('target-bins', matrix.memory);
  const scope = new ArenaScope(new Arena(matrix.memory));
  try {
    const address = scope.allocate(bins * 4, 'counts of bins');
    const counts = scope.arena.i32(address, bins);
    const all = new Int32Array((to - from) * bins);
    for (let column = from; column < to; column++) {
      counts.fill(0);
      kernel.countBins(matrix.columnAddress(column), 0, rows, address);
      all.set(counts, (column - from) * bins);
      if (column % 16 === 0) reportProgress(hooks, (column - from) / (to - from));
    }
    return all;
  } finally {
    scope.release();
  }
}
