import type { Tree } from '../boosting/tree.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { BackgroundRows, paddedRows } from './background-rows.js';
import type { DecisionSource } from './decision-source.js';
import { DeepInterventional } from './deep-interventional.js';
import { DeepShap } from './deep-shap.js';
import { leafGroups } from './leaf-groups.js';
import type { ShapKernel } from './shap-kernel.js';
import { TabulatedShap } from './tabulated-shap.js';
import type { TreeMethod } from './tree-method.js';

/** Rows whose decisions, cases and outputs are worked on while they are in the cache. */
export const TILE_ROWS = 1024;

/** The columns a model uses, and how many rows are explained at once. */
export interface BlockPlan {
  /** Ascending. */
  readonly columns: readonly number[];
  /** A multiple of `TILE_ROWS`. */
  readonly blockRows: number;
}

/** Shared memory of one explanation: values by used column, decisions of one tile of rows, scratch of the methods. */
export class ShapWork {
  readonly #arena: Arena;
  readonly #scope: ArenaScope;
  readonly #values: number;
  readonly #decisions: number;
  readonly #place = new Map<number, number>();
  readonly #trees: readonly { readonly tree: Tree; readonly method: TreeMethod }[];
  readonly #owned: { release(): void }[] = [];

  /** @param background rows to compare with, for interventional values; path-dependent ones without */
  constructor(
    trees: readonly Tree[],
    readonly source: DecisionSource,
    kernel: ShapKernel,
    readonly plan: BlockPlan,
    background?: DecisionSource,
  ) {
    this.#arena = new Arena(source.memory);
    this.#scope = new ArenaScope(this.#arena);
    this.#owned.push(this.#scope);
    const { columns, blockRows } = plan;
    columns.forEach((column, i) => {
      this.#place.set(column, i);
    });
    const nodes = trees.reduce((most, tree) => Math.max(most, tree.column.length), 1);
    try {
      this.#values = this.#scope.allocate(8 * columns.length * blockRows, 'SHAP values of a block');
      this.#decisions = this.#scope.allocate(nodes * TILE_ROWS, 'decisions of a tree');
      this.#trees = this.#withMethods(trees, kernel, background);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /**
   * Explains the rows of the block that the source has open, from scratch.
   * @param onProgress called before each tree with the share done; may throw to stop
   */
  explain(rows: number, onProgress: (share: number) => void): void {
    this.#arena.f64(this.#values, this.plan.columns.length * this.plan.blockRows).fill(0);
    this.#trees.forEach(({ tree, method }, i) => {
      onProgress(i / this.#trees.length);
      method.prepare(tree, (column) => this.#addressOf(column));
      for (let first = 0; first < rows; first += TILE_ROWS) {
        const count = Math.min(TILE_ROWS, rows - first);
        // The block has room for whole tiles: what is computed beyond the last row is not used.
        this.source.decide(tree, first, this.#decisions, paddedRows(count), TILE_ROWS);
        method.add({ decisions: this.#decisions, stride: TILE_ROWS, count, offset: 8 * first });
      }
    });
    onProgress(1);
  }

  /** Values of a column for the first `rows` rows of the block. */
  column(column: number, rows: number): Float64Array {
    return this.#arena.f64(this.#addressOf(column), rows);
  }

  release(): void {
    for (const owned of this.#owned.splice(0)) owned.release();
  }

  /** The method of each tree: tables, or where a path has too many distinct columns for them the one for any depth. */
  #withMethods(trees: readonly Tree[], kernel: ShapKernel, source: DecisionSource | undefined) {
    const { memory } = this.source;
    const split = trees.filter((tree) => tree.column.length > 0);
    const groups = new Map(
      split.flatMap((tree) => {
        const own = leafGroups(tree);
        return own ? [[tree, own] as const] : [];
      }),
    );
    const deep = split.filter((tree) => !groups.has(tree));
    const background = source && this.#own(new BackgroundRows(source, split));
    const tables = this.#own(new TabulatedShap(memory, kernel, { groups, tileRows: TILE_ROWS, background }));
    const anyDepth =
      deep.length === 0
        ? tables
        : this.#own(
            background
              ? new DeepInterventional(memory, kernel, deep, background)
              : new DeepShap(memory, kernel, deep),
          );
    return split.map((tree) => ({ tree, method: groups.has(tree) ? tables : anyDepth }));
  }

  #own<T extends { release(): void }>(made: T): T {
    this.#owned.push(made);
    return made;
  }

  #addressOf(column: number): number {
    return this.#values + 8 * this.#place.get(column)! * this.plan.blockRows;
  }
}
