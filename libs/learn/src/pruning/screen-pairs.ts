import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type ProgressHooks, reportProgress } from '../progress/progress-hooks.js';
import { gramScratchBytes, STRIP } from '../stability/gram-bytes.js';
import { type GramKernel, ROW_BYTES } from '../stability/gram-kernel.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { type PieceRange, pieceRanges } from '../threads/piece-ranges.js';
import type { WorkPool } from '../threads/work-pool.js';

/** Rows of the first look at all pairs; what it finds is checked on all rows. */
const SCREEN_ROWS = 4096;
/** How far below the limit the first look reaches: 20 standard errors of r = 0.95 on 4,096 rows. */
const SCREEN_MARGIN = 0.03;
const FIRST_ROOM = 1 << 20;

export interface ScreenInput {
  readonly matrix: BinnedMatrix;
  readonly columns: readonly number[];
  /** Rows [0, rows) count. */
  readonly rows: number;
  /** |r| above this is a near duplicate. */
  readonly limit: number;
  readonly pool: WorkPool;
}

/** Columns of the matrix and what screening needs of them, in its memory. */
interface Screening {
  readonly memory: WebAssembly.Memory;
  readonly bins: number;
  readonly columns: number;
  /** Rows looked at, and how many rows apart they are. */
  readonly taken: number;
  readonly step: number;
  readonly limit: number;
  /** Addresses: int16 [column][bins], uint32 [column], float32 [column]. */
  readonly tables: number;
  readonly addresses: number;
  readonly inverse: number;
}

/** Close pairs of a strip of columns with all before them: earlier and later position, pair after pair. */
export const CLOSE_PAIRS: PieceKind<Screening, PieceRange, Uint32Array> = {
  name: 'close-pairs',
  compute: closePairs,
};

/**
 * For every position, the earlier positions whose correlation may exceed the limit: all pairs of columns on
 * every n-th row.
 *
 * @param tables address of the columns' standardised values
 * @throws CancelledError
 */
export function screenPairs(
  { matrix, columns, rows, limit, pool }: ScreenInput,
  tables: number,
  scope: ArenaScope,
  hooks: ProgressHooks,
): Map<number, number[]> {
  const { arena } = scope;
  const kernel = loadKernel<GramKernel>('gram', matrix.memory);
  const step = Math.max(1, Math.floor(rows / SCREEN_ROWS));
  const taken = Math.floor((rows - 1) / step) + 1;
  const addresses = scope.allocate(columns.length * 4, 'addresses of columns');
  const inverse = scope.allocate(columns.length * 4, 'inverse norms');
  arena.u32(addresses, columns.length).set(columns.map((column) => matrix.columnAddress(column)));
  const norms = arena.f32(inverse, columns.length);
  columns.forEach((column, j) => {
    const from = matrix.columnAddress(column);
    const table = tables + j * matrix.bins * 2;
    const square = kernel.innerProduct(from, from, table, table, taken, ROW_BYTES * step);
    norms[j] = square > 0 ? 1 / Math.sqrt(square) : 0;
  });
  const shared: Screening = {
    memory: matrix.memory,
    bins: matrix.bins,
    columns: columns.length,
    taken,
    step,
    limit: limit - SCREEN_MARGIN,
    tables,
    addresses,
    inverse,
  };
  // Later strips have more columns before them: the longest pieces go first.
  const strips = pieceRanges(columns.length, STRIP).reverse();
  return neighboursOf(pool.compute(CLOSE_PAIRS, shared, strips, hooks).reverse());
}

function neighboursOf(strips: readonly Uint32Array[]): Map<number, number[]> {
  const neighbours = new Map<number, number[]>();
  for (const pairs of strips) {
    for (let at = 0; at < pairs.length; at += 2) {
      const list = neighbours.get(pairs[at + 1]!);
      if (list) list.push(pairs[at]!);
      else neighbours.set(pairs[at + 1]!, [pairs[at]!]);
    }
  }
  return neighbours;
}

function closePairs(input: Screening, [from, to]: PieceRange, hooks: ProgressHooks): Uint32Array {
  const { memory, bins, columns, taken, step, limit, tables, addresses, inverse } = input;
  const kernel = loadKernel<GramKernel>('gram', memory);
  const scope = new ArenaScope(new Arena(memory));
  try {
    const bytes = gramScratchBytes(columns);
    const left = scope.allocate(bytes.left, 'left operand of the Gram matrix');
    const right = scope.allocate(bytes.right, 'right operand of the Gram matrix');
    const sums = scope.allocate(bytes.sums, 'strip of the Gram matrix');
    const stride = ROW_BYTES * step;
    kernel.gramStrip(addresses, columns, from, to, 0, taken, stride, tables, bins, left, right, sums);
    reportProgress(hooks, 1);
    const collect = (room: number) => {
      const address = scope.allocate(room * 8, 'close pairs of columns');
      return { address, count: kernel.collectPairs(sums, from, to, inverse, limit, address, room) };
    };
    let found = collect(FIRST_ROOM);
    if (found.count > FIRST_ROOM) found = collect(found.count);
    return Uint32Array.from(scope.arena.u32(found.address, 2 * found.count));
  } finally {
    scope.release();
  }
}
