import type { Tree } from '../boosting/tree.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import type { BackgroundRows } from './background-rows.js';
import type { ShapKernel } from './shap-kernel.js';
import { sharingWeights } from './sharing-weights.js';
import { treeEdges } from './tree-edges.js';
import type { TileOfRows, TreeMethod } from './tree-method.js';

/** Words of the kernel's frame, the two results included. */
const FRAME_WORDS = 14;
const NODE_WORDS = 3;

/** Interventional SHAP values of trees of any depth, row by background row; see the kernel's addDeepInterventional. */
export class DeepInterventional implements TreeMethod {
  readonly #arena: Arena;
  readonly #scope: ArenaScope;
  readonly #frame: number;
  readonly #nodes: number;
  readonly #leaves: number;
  readonly #sums: number;
  readonly #sides: number;
  readonly #outputs: number;
  readonly #weights: number;
  readonly #line: number;
  #columns = 0;

  /** @param trees all that will be prepared: scratch is made for the largest */
  constructor(
    memory: WebAssembly.Memory,
    readonly kernel: ShapKernel,
    trees: readonly Tree[],
    readonly background: BackgroundRows,
  ) {
    this.#arena = new Arena(memory);
    this.#scope = new ArenaScope(this.#arena);
    const nodes = trees.reduce((most, tree) => Math.max(most, tree.column.length), 1);
    this.#line = trees.reduce((most, tree) => Math.max(most, treeEdges(tree).mostColumns), 0) + 1;
    try {
      this.#frame = this.#scope.allocate(4 * FRAME_WORDS, 'frame of a walk');
      this.#nodes = this.#scope.allocate(4 * NODE_WORDS * nodes, 'nodes of a tree');
      this.#leaves = this.#scope.allocate(8 * (nodes + 1), 'leaf values of a tree');
      this.#sums = this.#scope.allocate(8 * nodes, 'sums by column');
      this.#sides = this.#scope.allocate(nodes, 'sides by column');
      this.#outputs = this.#scope.allocate(4 * nodes, 'outputs by column');
      this.#weights = this.#scope.allocate(8 * this.#line ** 2, 'sharing weights');
    } catch (error) {
      this.#scope.release();
      throw error;
    }
    this.#arena.f64(this.#weights, this.#line ** 2).set(sharingWeights(this.#line - 1));
  }

  prepare(tree: Tree, outputOf: (column: number) => number): void {
    const columns = [...new Set(tree.column)];
    const places = new Map(columns.map((column, place) => [column, place]));
    this.#columns = columns.length;
    this.#arena.u32(this.#outputs, columns.length).set(columns.map(outputOf));
    this.#arena.f64(this.#leaves, tree.leafValue.length).set(tree.leafValue);
    const words = this.#arena.i32(this.#nodes, NODE_WORDS * tree.column.length);
    tree.column.forEach((column, node) => {
      words.set([tree.left[node]!, tree.right[node]!, places.get(column)!], NODE_WORDS * node);
    });
    this.background.decide(tree);
  }

  add({ decisions, stride, count, offset }: TileOfRows): void {
    const { background } = this;
    this.#arena
      .u32(this.#frame, FRAME_WORDS)
      .set([
        0,
        0,
        stride,
        background.stride,
        this.#nodes,
        this.#leaves,
        this.#weights,
        this.#line,
        this.#sums,
        this.#sides,
      ]);
    this.kernel.addDeepInterventional(
      this.#frame,
      decisions,
      count,
      background.decisions,
      background.rows,
      this.#outputs,
      this.#columns,
      offset,
    );
  }

  release(): void {
    this.#scope.release();
  }
}
