import type { Tree } from '../boosting/tree.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import type { DecisionSource } from './decision-source.js';

/** What the nodes of one tree at a time decide for the rows that interventional values compare with. */
export class BackgroundRows {
  readonly #scope: ArenaScope;
  readonly #source: DecisionSource;
  /** Address of bytes by node and row, `stride` bytes a node. */
  readonly decisions: number;
  readonly stride: number;
  readonly rows: number;

  /** @param source of the background rows, in the memory of the explanation */
  constructor(source: DecisionSource, trees: readonly Tree[]) {
    this.#source = source;
    this.rows = source.rows;
    this.stride = paddedRows(source.rows);
    this.#scope = new ArenaScope(new Arena(source.memory));
    const nodes = trees.reduce((most, tree) => Math.max(most, tree.column.length), 1);
    this.decisions = this.#scope.allocate(nodes * this.stride, 'decisions of the background rows');
    source.open(0, source.rows);
  }

  decide(tree: Tree): void {
    this.#source.decide(tree, 0, this.decisions, this.stride, this.stride);
  }

  release(): void {
    this.#scope.release();
  }
}

/** Rows rounded up to whole vectors. */
export function paddedRows(rows: number): number {
  return Math.ceil(rows / 16) * 16;
}
