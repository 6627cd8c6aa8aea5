import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type ProgressHooks, reportProgress } from '../progress/progress-hooks.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { type PieceRange, pieceRanges } from '../threads/piece-ranges.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';
import { type BlockMoments, placeTarget, type TargetBinsRoom } from './place-target.js';
import type { StabilityContext } from './stability-context.js';

export interface TargetBinsKernel {
  sumByBin(
    column: number,
    begin: number,
    end: number,
    target: number,
    present: number,
    sums: number,
    counts: number,
  ): void;
  sumPieces(
    column: number,
    table: number,
    begin: number,
    end: number,
    pieces: number,
    target: number,
    sums: number,
    squares: number,
  ): void;
  sumTargetsAt(
    column: number,
    rows: number,
    count: number,
    targets: number,
    sums: number,
    counts: number,
  ): void;
  countBins(column: number, begin: number, end: number, counts: number): void;
  subsampleStatistics(
    sums: number,
    counts: number,
    columns: number,
    blocks: number,
    bins: number,
    inside: number,
    contrasts: number,
    moments: number,
    scratch: number,
    out: number,
  ): void;
}

/** A target summed over the bins of every column and block, in the shared memory. */
export interface TargetBins {
  /** Address of float32 [column][block][bins]: sums of the target less its mean. */
  readonly sums: number;
  /** Address of i32 [column][block][bins]: rows with a target. */
  readonly counts: number;
  readonly moments: readonly BlockMoments[];
}

export function allocateTargetBins(context: StabilityContext, scope: ArenaScope): TargetBinsRoom {
  const { bins, rows } = context.matrix;
  const cells = context.columns.length * context.blocks.length * bins;
  return {
    sums: scope.allocate(cells * 4, 'sums of the target by bin'),
    counts: scope.allocate(cells * 4, 'rows by bin'),
    target: scope.allocate(rows * 16, 'the target and its sign'),
    present: scope.allocate(rows, 'rows with a target'),
  };
}

/** Columns that a thread sums at a time. */
const COLUMNS_AT_ONCE = 256;

/** A target that was written into its room. */
interface Summing {
  readonly context: StabilityContext;
  readonly room: TargetBinsRoom;
}

/** Sums and counts of a range of columns, in Gram order, are left in the room. */
export const SUMMED_COLUMNS: PieceKind<Summing, PieceRange, null> = {
  name: 'summed-columns',
  compute: sumColumns,
};

/**
 * Sums a target over the bins of all columns.
 *
 * @param rows rows whose target counts; those outside the context's blocks are left out
 * @param target indexed by row number
 * @throws LearnInputError when a target is not finite or a block has no row; CancelledError
 */
export function sumTarget(
  context: StabilityContext,
  room: TargetBinsRoom,
  rows: Uint32Array,
  target: Float64Array,
  { pool = callingThread, isCancelled = () => false }: { pool?: WorkPool; isCancelled?(): boolean } = {},
): TargetBins {
  const moments = placeTarget(context, room, rows, target);
  const ranges = pieceRanges(context.columns.length, COLUMNS_AT_ONCE);
  pool.compute(SUMMED_COLUMNS, { context, room }, ranges, { isCancelled });
  return { sums: room.sums, counts: room.counts, moments };
}

function sumColumns({ context, room }: Summing, [from, to]: PieceRange, hooks: ProgressHooks): null {
  const { blocks } = context;
  const matrix = openBinnedMatrix(context.matrix);
  const { bins } = matrix;
  const kernel = loadKernel<TargetBinsKernel>('target-bins', matrix.memory);
  const scope = new ArenaScope(new Arena(matrix.memory));
  try {
    const cellsAt = scope.allocate(2 * bins * 8, "sums of one column's bins");
    const cells = scope.arena.f64(cellsAt, 2 * bins);
    const stride = blocks.length * bins;
    const sums = scope.arena.f32(room.sums + 4 * from * stride, (to - from) * stride);
    const counts = scope.arena.i32(room.counts + 4 * from * stride, (to - from) * stride).fill(0);
    for (let k = 0; k < to - from; k++) {
      const address = matrix.columnAddress(context.columns[from + k]!);
      blocks.forEach(({ begin, end }, block) => {
        cells.fill(0);
        const at = k * stride + block * bins;
        kernel.sumByBin(address, begin, end, room.target, room.present, cellsAt, counts.byteOffset + 4 * at);
        for (let bin = 0; bin < bins; bin++) sums[at + bin] = cells[2 * bin]!;
      });
      if (k % 16 === 0) reportProgress(hooks, k / (to - from));
    }
    return null;
  } finally {
    scope.release();
  }
}
