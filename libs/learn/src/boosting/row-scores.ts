import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { leafDepths, type Tree } from './tree.js';
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
  readonly #values: number;

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
      this.#nodes = this.#scope.allocate(2 * 4 * NODE_WORDS * maxLeaves, 'tree nodes');
      this.#values = this.#scope.allocate(2 * 8 * maxLeaves, 'node values');
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
    this.#describe(tree, bin);
    const depth = leafDepths(tree).reduce((most, depth) => Math.max(most, depth), 0);
    this.#kernel.addTreeScores(
      this.#nodes,
      this.#values,
      depth,
      this.#rows,
      this.#count,
      this.scores.byteOffset,
    );
  }

  /** Writes the tree's nodes as the kernel reads them: inner nodes, then leaves. */
  #describe(tree: Tree, bin: Uint8Array): void {
    const inner = tree.column.length;
    const total = inner + tree.leafValue.length;
    const place = (child: number) => (child >= 0 ? child : inner + ~child);
    const nodes = this.#arena.u32(this.#nodes, NODE_WORDS * total);
    for (let node = 0; node < inner; node++) {
      const shift = tree.missingLeft[node] === 1 ? 0 : 1;
      const address = this.matrix.columnAddress(tree.column[node]!);
      const children = [place(tree.right[node]!), place(tree.left[node]!)];
      nodes.set([address, shift, bin[node]! - shift, ...children], NODE_WORDS * node);
    }
    for (let leaf = inner; leaf < total; leaf++) {
      nodes.set([this.matrix.handle.block, 0, 0, leaf, leaf], NODE_WORDS * leaf);
    }
    this.#arena.f64(this.#values, total).set(tree.leafValue, inner);
  }

  release(): void {
    this.#scope.release();
  }
}
