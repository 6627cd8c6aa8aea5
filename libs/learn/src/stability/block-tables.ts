import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type ProgressHooks, reportProgress } from '../progress/progress-hooks.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { type PieceRange, pieceRanges } from '../threads/piece-ranges.js';
import type { WorkPool } from '../threads/work-pool.js';
import { CONTRASTS, contrastPitch, curvatureContrasts } from './curvature-contrasts.js';
import type { StabilityContext } from './stability-context.js';
import { standardisedTable, TABLE_SCALE } from './standardised-table.js';
import type { TargetBinsKernel } from './target-bins.js';

/** Columns that a thread standardises at a time. */
const COLUMNS_AT_ONCE = 256;

/** A range of columns, in Gram order; the result is in the context's memory. */
export const TABLES_OF_COLUMNS: PieceKind<StabilityContext, PieceRange, null> = {
  name: 'tables-of-columns',
  compute: tablesOfColumns,
};

/** Standardises every column over all blocks, makes its contrasts, and takes each block's sums and norms. @throws CancelledError */
export function fillBlockTables(
  context: StabilityContext,
  pool: WorkPool,
  { isCancelled = () => false }: ProgressHooks,
): void {
  const ranges = pieceRanges(context.columns.length, COLUMNS_AT_ONCE);
  pool.compute(TABLES_OF_COLUMNS, context, ranges, { isCancelled });
}

function tablesOfColumns(context: StabilityContext, [from, to]: PieceRange, hooks: ProgressHooks): null {
  const { blocks, pitch } = context;
  const matrix = openBinnedMatrix(context.matrix);
  const { bins } = matrix;
  const kernel = loadKernel<TargetBinsKernel>('target-bins', matrix.memory);
  const scope = new ArenaScope(new Arena(matrix.memory));
  const { arena } = scope;
  try {
    const address = scope.allocate(blocks.length * bins * 4, 'counts of bins');
    const counts = arena.i32(address, blocks.length * bins);
    const norms = arena.f32(context.norms, blocks.length * pitch);
    const totals = arena.f64(context.totals, blocks.length * pitch);
    const all = new Float64Array(bins);
    const cells = CONTRASTS * contrastPitch(bins);
    const contrasts = arena.f32(context.contrasts, context.columns.length * cells);
    for (let j = from; j < to; j++) {
      const column = context.columns[j]!;
      counts.fill(0);
      all.fill(0);
      blocks.forEach(({ begin, end }, block) => {
        kernel.countBins(matrix.columnAddress(column), begin, end, address + block * bins * 4);
        for (let bin = 0; bin < bins; bin++) all[bin]! += counts[block * bins + bin]!;
      });
      const at = context.tables + j * bins * 2;
      const table = new Int16Array(arena.u8(at, bins * 2).buffer, at, bins);
      standardisedTable(matrix.representatives(column), all, table);
      curvatureContrasts(table, TABLE_SCALE, all, contrasts.subarray(j * cells, (j + 1) * cells));
      blocks.forEach((_, block) => {
        let sum = 0;
        let square = 0;
        for (let bin = 0; bin < bins; bin++) {
          const product = counts[block * bins + bin]! * table[bin]!;
          sum += product;
          square += product * table[bin]!;
        }
        norms[block * pitch + j] = Math.sqrt(square) / TABLE_SCALE;
        totals[block * pitch + j] = sum / TABLE_SCALE;
      });
      if (j % 16 === 0) reportProgress(hooks, (j - from) / (to - from));
    }
    return null;
  } finally {
    scope.release();
  }
}
