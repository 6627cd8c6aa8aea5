import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type ProgressHooks, reportProgress } from '../progress/progress-hooks.js';
import type { PieceKind } from '../threads/piece-kind.js';
import type { WorkPool } from '../threads/work-pool.js';
import { gramScratchBytes, STRIP } from './gram-bytes.js';
import { type GramKernel, ROW_BYTES } from './gram-kernel.js';
import type { StabilityContext } from './stability-context.js';
import { TABLE_SCALE } from './standardised-table.js';

/** The Gram matrix of one block, by the block's position; the result is in the context's memory. */
export const GRAM_OF_BLOCK: PieceKind<StabilityContext, number, null> = {
  name: 'gram-of-block',
  compute: gramOfBlock,
};

/**
 * Fills the Gram matrix of every block: the inner products of standardised columns, kept as int16
 * correlations about zero (steps of 3e-5, a hundredth of their sampling error) with the norms beside them.
 * A subsample's Gram matrix is a sum of blocks.
 */
export function fillBlockGram(context: StabilityContext, pool: WorkPool, hooks: ProgressHooks): void {
  pool.compute(GRAM_OF_BLOCK, context, [...context.blocks.keys()], hooks);
}

function gramOfBlock(context: StabilityContext, block: number, hooks: ProgressHooks): null {
  const { columns, pitch } = context;
  const { begin, end } = context.blocks[block]!;
  const matrix = openBinnedMatrix(context.matrix);
  const arena = new Arena(matrix.memory);
  const kernel = loadKernel<GramKernel>('gram', matrix.memory);
  const scope = new ArenaScope(arena);
  try {
    const bytes = gramScratchBytes(columns.length);
    const addresses = scope.allocate(pitch * 4, 'addresses of columns');
    const inverse = scope.allocate(pitch * 4, 'inverse norms');
    const left = scope.allocate(bytes.left, 'left operand of the Gram matrix');
    const right = scope.allocate(bytes.right, 'right operand of the Gram matrix');
    const sums = scope.allocate(bytes.sums, 'strip of the Gram matrix');
    arena.u32(addresses, columns.length).set(columns.map((column) => matrix.columnAddress(column) | 0));
    const inverses = arena.f32(inverse, pitch);
    arena.f32(context.norms + block * pitch * 4, pitch).forEach((norm, j) => {
      inverses[j] = norm > 0 ? 1 / (norm * TABLE_SCALE) : 0;
    });
    const gram = context.gram + block * columns.length * pitch * 2;
    arena.u8(gram, columns.length * pitch * 2).fill(0);
    for (let from = 0; from < columns.length; from += STRIP) {
      const to = Math.min(columns.length, from + STRIP);
      kernel.gramStrip(
        addresses,
        columns.length,
        from,
        to,
        begin,
        end - begin,
        ROW_BYTES,
        context.tables,
        matrix.bins,
        left,
        right,
        sums,
      );
      kernel.storeStrip(sums, from, to, inverse, gram, pitch);
      reportProgress(hooks, (to / columns.length) ** 2);
    }
    return null;
  } finally {
    scope.release();
  }
}
