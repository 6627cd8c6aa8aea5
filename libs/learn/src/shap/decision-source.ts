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
  /** Writes 255 (left) or 0 (right) for rows [from, from + count), in their given order. */
  decide(tree: Tree, node: number, from: number, out: Uint8Array): void;
  release(): void;
}

/** Decisions by the bins of a matrix. */
export function decisionsOfBins(matrix: BinnedMatrix, rows: Uint32Array, kernel: ShapKernel): DecisionSource {
  const arena = new Arena(matrix.memory);
  const scope = new ArenaScope(arena);
  const address = scope.allocate(4 * rows.length, 'rows to explain');
  arena.u32(address, rows.length).set(rows);
  return {
    memory: matrix.memory,
    rows: rows.length,
    decide: (tree, node, from, out) =>
      kernel.decideRows(
        matrix.handle.block,
        matrix.rows,
        matrix.slot(tree.column[node]!),
        tree.bin![node]!,
        tree.missingLeft[node]!,
        address + 4 * from,
        out.length,
        out.byteOffset,
      ),
    release: () => scope.release(),
  };
}

/** Decisions by raw values, for models whose trees know no bins. `values` is by column, then row. */
export function decisionsOfValues(values: readonly ArrayLike<number>[], rows: Uint32Array): DecisionSource {
  return {
    memory: createSharedMemory(),
    rows: rows.length,
    decide: (tree, node, from, out) => {
      const column = values[tree.column[node]!]!;
      const threshold = tree.threshold[node]!;
      for (let i = 0; i < out.length; i++) {
        const value = column[rows[from + i]!]!;
        out[i] = (Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= threshold) ? 255 : 0;
      }
    },
    release: () => {},
  };
}
