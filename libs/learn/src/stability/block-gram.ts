import { openBinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type GramKernel, ROW_BYTES } from '../linear/gram-kernel.js';
import { type ProgressHooks, reportProgress } from '../progress-hooks.js';
import { gramScratchBytes, STRIP } from './stability-bytes.js';
import type { StabilityContext } from './stability-context.js';
import { TABLE_SCALE } from './standardised-table.js';

/**
 * Fills the Gram matrix of every block: the inner products of standardised columns, kept as int16
 * correlations about zero (steps of 3e-5, a hundredth of their sampling error) with the norms beside them.
 * A subsample's Gram matrix is a sum of blocks.
 */
export function fillBlockGram(context: StabilityContext, hooks: ProgressHooks): void {
  const { columns, blocks, pitch } = context;
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
    const strips = Math.ceil(columns.length / STRIP);
    blocks.forEach(({ begin, end }, block) => {
      const norms = arena.f32(context.norms + block * pitch * 4, pitch);
      const inverses = arena.f32(inverse, pitch);
      norms.forEach((norm, j) => {
        inverses[j] = norm > 0 ? 1 / (norm * TABLE_SCALE) : 0;
      });
      const gram = context.gram + block * columns.length * pitch * 2;
      arena.u8(gram, columns.length * pitch * 2).fill(0);
      for (let strip = 0; strip < strips; strip++) {
        const from = strip * STRIP;
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
        reportProgress(hooks, (block + (to / columns.length) ** 2) / blocks.length);
      }
    });
  } finally {
    scope.release();
  }
}
