import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';
import { fillBlockGram } from './block-gram.js';
import { fillBlockTables } from './block-tables.js';
import { affordableBlocks, contrastBytes, DEFAULT_GRAM_BYTES, gramBytes, gramPitch } from './gram-bytes.js';
import type { StabilityContext } from './stability-context.js';
import { timeBlocks } from './time-blocks.js';

export interface StabilityContextInput {
  matrix: BinnedMatrix;
  /** Columns that may be selected: those that pruning kept. */
  candidates: readonly number[];
  /** Selection looks at rows [0, rows) only. */
  rows: number;
  /** Ordinal of each row's bar, ascending. */
  bar: Int32Array;
  /** Bars between blocks: target window + the longest horizon. */
  purgeBars: number;
  /** Time blocks that subsamples are made of, an even number. Default 16; fewer when memory does not allow. */
  blocks?: number;
  /** Complementary pairs that will be drawn. Default 50. */
  pairs?: number;
  /** Bytes that block Gram matrices may take. Default 2.7e9. */
  gramByteLimit?: number;
  /** Threads to compute Gram matrices on. Default: the calling one. */
  pool?: WorkPool;
}

/**
 * Builds the context: one pass over the bins for tables, one for the Gram matrices.
 *
 * @throws LearnInputError when blocks are too short, pairs too many or memory too small; CancelledError
 */
export function createStabilityContext(
  input: StabilityContextInput,
  hooks: ProgressHooks = {},
): StabilityContext {
  const { matrix, candidates, rows, bar, purgeBars, pairs = 50 } = input;
  if (candidates.length === 0) throw new LearnInputError('selection needs at least one candidate column');
  const count = affordableBlocks(
    candidates.length,
    input.blocks ?? 16,
    pairs,
    input.gramByteLimit ?? DEFAULT_GRAM_BYTES,
  );
  const blocks = timeBlocks({ bar, rows, blocks: count, purgeBars });
  const bySlot = candidates
    .map((column, position) => ({ column, position, slot: matrix.slot(column) }))
    .sort((a, b) => a.slot - b.slot);
  const arena = new Arena(matrix.memory);
  const pitch = gramPitch(candidates.length);
  const shared = new ArenaScope(arena);
  try {
    const context: StabilityContext = {
      matrix: matrix.handle,
      candidates: [...candidates],
      columns: Int32Array.from(bySlot, ({ column }) => column),
      position: Int32Array.from(bySlot, ({ position }) => position),
      rows,
      purgeBars,
      pairs,
      blocks,
      pitch,
      tables: shared.allocate(candidates.length * matrix.bins * 2, 'standardised values of bins'),
      contrasts: shared.allocate(contrastBytes(candidates.length, matrix.bins), 'contrasts of bins'),
      gram: shared.allocate(gramBytes(candidates.length, count), `Gram matrices of ${count} blocks`),
      norms: shared.allocate(count * pitch * 4, 'norms of columns'),
      totals: shared.allocate(count * pitch * 8, 'sums of columns'),
    };
    // Rows end in columns that do not exist: nothing of other work may be left there.
    arena.f32(context.norms, count * pitch).fill(0);
    arena.f64(context.totals, count * pitch).fill(0);
    const pool = input.pool ?? callingThread;
    fillBlockTables(context, pool, hooks);
    fillBlockGram(context, pool, hooks);
    return context;
  } catch (error) {
    shared.release();
    throw error;
  }
}

/** Gives the context's memory back; nothing may use the context afterwards. */
export function releaseStabilityContext(context: StabilityContext): void {
  const arena = new Arena(context.matrix.memory);
  const { tables, contrasts, gram, norms, totals } = context;
  for (const address of [tables, contrasts, gram, norms, totals]) arena.free(address);
}
