import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import type { Tree } from './tree.js';
import type { TreeKernel } from './tree-kernel.js';

const NODE_WORDS = 8;

/**
 * Raw scores of some rows of a matrix, to which trees are added. Holds shared memory until `release`;
 * `scores` must not be used after that.
 */
export class RowScores {
  /** Raw score by position in the rows given. */
  readonly scores: Float64Array;
  readonly #arena: Arena;
  readonly #scope: ArenaScope;
  readonly #kernel: TreeKernel;
  readonly #rows: number;
  readonly #count: number;
  readonly #nodes: number;
  readonly #leafValues: number;

  /** @param maxLeaves leaves of the largest tree that will be added */
  constructor(
    readonly matrix: BinnedMatrix,
    rows: Uint32Array,
    maxLeaves: number,
    baseScore: number,
  ) {
    this.#arena = new Arena(matrix.memory);
    this.#scope = new ArenaScope(this.#arena);
    this.#kernel = loadKernel<TreeKernel>('tree', matrix.memory);
    this.#count = rows.length;
    try {
      this.#rows = this.#scope.allocate(4 * rows.length, 'rows to predict');
      this.#nodes = this.#scope.allocate(4 * NODE_WORDS * maxLeaves, 'tree nodes');
      this.#leafValues = this.#scope.allocate(8 * maxLeaves, 'leaf values');
      const scores = this.#scope.allocate(8 * rows.length, 'scores');
      this.#arena.u32(this.#rows, rows.length).set(rows);
      this.scores = this.#arena.f64(scores, rows.length).fill(baseScore);
    } catch (error) {
      this.#scope.release();
      throw error;
    }
  }

  add(tree: Tree): void {
    const { bin } = tree;
    if (!bin) throw new Error('the tree knows values, not bins: use predictValues');
    if (tree.column.length === 0) {
      for (let i = 0; i < this.#count; i++) this.scores[i]! += tree.leafValue[0]!;
      return;
    }
    const nodes = this.#arena.i32(this.#nodes, NODE_WORDS * tree.column.length);
    for (let node = 0; node < tree.column.length; node++) {
      const at = NODE_WORDS * node;
      nodes[at] = this.matrix.slot(tree.column[node]!);
      nodes[at + 1] = bin[node]!;
      nodes[at + 2] = tree.missingLeft[node]!;
      nodes[at + 3] = tree.left[node]!;
      nodes[at + 4] = tree.right[node]!;
    }
    this.#arena.f64(this.#leafValues, tree.leafValue.length).set(tree.leafValue);
    this.#kernel.addTreeScores(
      this.matrix.handle.block,
      this.matrix.rows,
      this.#nodes,
      this.#leafValues,
      this.#rows,
      this.#count,
      this.scores.byteOffset,
    );
  }

  release(): void {
    this.#scope.release();
  }
}
