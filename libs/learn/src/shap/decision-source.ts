import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { Tree } from '../boosting/tree.js';
import { Arena, createSharedMemory } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import type { ShapKernel } from './shap-kernel.js';

/** Rows to explain, as what each node of a tree decides for them. */
export interface DecisionSource {
  /** Memory that decisions are written to. */
  readonly memory: WebAssembly.Memory;
  readonly rows: number;
  /** Says which rows, [first, first + count) in their given order, are decided next. */
  open(first: number, count: number): void;
  /**
   * Writes what every node of a tree decides for rows of the opened block: 255 (left) or 0 (right).
   * @param from position in the block, a multiple of 16
   * @param to address of the decisions, `stride` bytes a node
   * @param count rows, rounded up to 16: what is beyond the block's rows is undefined
   */
  decide(tree: Tree, from: number, to: number, count: number, stride: number): void;
  release(): void;
}

/**
 * Decisions by the bins of a matrix. The bins of a block's rows are copied together by column once, since
 * every tree asks for them again.
 *
 * @param columns matrix columns that will be asked for
 * @param blockRows most rows of a block, a multiple of 16
 */
export function decisionsOfBins(
  matrix: BinnedMatrix,
  rows: Uint32Array,
  kernel: ShapKernel,
  { columns, blockRows }: { columns: readonly number[]; blockRows: number },
): DecisionSource {
  const arena = new Arena(matrix.memory);
  const scope = new ArenaScope(arena);
  const { address, bins } = allocateDecisions(scope, rows.length, columns.length * blockRows);
  arena.u32(address, rows.length).set(rows);
  const places = new Map(columns.map((column, i) => [column, bins + i * blockRows]));
  return {
    memory: matrix.memory,
    rows: rows.length,
    open: (first, count) => {
      for (const [column, place] of places) {
        const { block } = matrix.handle;
        kernel.gatherBins(block, matrix.rows, matrix.slot(column), address + 4 * first, count, place);
      }
    },
    decide: (tree, from, to, count, stride) => {
      for (let node = 0; node < tree.column.length; node++) {
        const place = places.get(tree.column[node]!)!;
        kernel.decideRows(place + from, count, tree.bin![node]!, tree.missingLeft[node]!, to + node * stride);
      }
    },
    release: () => scope.release(),
  };
}

function allocateDecisions(
  scope: ArenaScope,
  rows: number,
  bytes: number,
): { address: number; bins: number } {
  try {
    return {
      address: scope.allocate(4 * rows, 'rows to explain'),
      bins: scope.allocate(bytes, 'bins of the rows to explain'),
    };
  } catch (error) {
    scope.release();
    throw error;
  }
}

/**
 * Decisions by raw values, for models whose trees know no bins.
 * @param values by column, then row
 * @param memory that decisions are written to; one of its own by default
 */
export function decisionsOfValues(
  values: readonly ArrayLike<number>[],
  rows: Uint32Array,
  memory: WebAssembly.Memory = createSharedMemory(),
): DecisionSource {
  const arena = new Arena(memory);
  let opened = rows;
  return {
    memory,
    rows: rows.length,
    open: (first, count) => {
      opened = rows.subarray(first, first + count);
    },
    decide: (tree, from, to, count, stride) => {
      const known = Math.min(count, opened.length - from);
      for (let node = 0; node < tree.column.length; node++) {
        const out = arena.u8(to + node * stride, known);
        const column = values[tree.column[node]!]!;
        const threshold = tree.threshold[node]!;
        for (let i = 0; i < known; i++) {
          const value = column[opened[from + i]!]!;
          out[i] = (Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= threshold) ? 255 : 0;
        }
      }
    },
    release: () => {},
  };
}
