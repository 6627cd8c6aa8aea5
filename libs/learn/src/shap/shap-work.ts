import type { Tree } from '../boosting/tree.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import type { DecisionSource } from './decision-source.js';
import { type LeafGroup, leafGroups } from './leaf-groups.js';
import { addRecursiveShap } from './recursive-shap.js';
import type { ShapKernel } from './shap-kernel.js';
import { TabulatedShap, tableBytes } from './tabulated-shap.js';

/** Rows whose decisions, cases and outputs are worked on while they are in the cache. */
export const TILE_ROWS = 1024;

/** The columns a model uses, and how many rows are explained at once. */
export interface BlockPlan {
  /** Ascending. */
  readonly columns: readonly number[];
  /** A multiple of `TILE_ROWS`. */
  readonly blockRows: number;
}

interface PlannedTree {
  readonly tree: Tree;
  /** Undefined when the tree is too deep for tables. */
  readonly groups: readonly LeafGroup[] | undefined;
}

/** Shared memory of one explanation: values by used column, tables of one tree, decisions of one tile of rows. */
export class ShapWork {
  readonly #arena: Arena;
  readonly #scope: ArenaScope;
  readonly #tables: TabulatedShap;
  readonly #values: number;
  readonly #decisions: number;
  readonly #place = new Map<number, number>();
  readonly #trees: readonly PlannedTree[];

  constructor(
    trees: readonly Tree[],
    readonly source: DecisionSource,
    kernel: ShapKernel,
    readonly plan: BlockPlan,
  ) {
    this.#arena = new Arena(source.memory);
    this.#scope = new ArenaScope(this.#arena);
    const { columns, blockRows } = plan;
    columns.forEach((column, i) => {
      this.#place.set(column, i);
    });
    this.#trees = trees
      .filter((tree) => tree.column.length > 0)
      .map((tree) => ({ tree, groups: leafGroups(tree) }));
    const nodes = trees.reduce((most, tree) => Math.max(most, tree.column.length), 1);
    const bytes = this.#trees.reduce(
      (most, { groups }) => Math.max(most, groups ? tableBytes(groups) : 0),
      0,
    );
    try {
      this.#values = this.#scope.allocate(8 * columns.length * blockRows, 'SHAP values of a block');
      this.#decisions = this.#scope.allocate(nodes * TILE_ROWS, 'decisions of a tree');
      this.#tables = new TabulatedShap(source.memory, kernel, TILE_ROWS, bytes);
    } catch (error) {
      this.#scope.release();
      throw error;
    }
  }

  /**
   * Explains the rows of the block that the source has open, from scratch.
   * @param onProgress called before each tree with the share done; may throw to stop
   */
  explain(rows: number, onProgress: (share: number) => void): void {
    this.#arena.f64(this.#values, this.plan.columns.length * this.plan.blockRows).fill(0);
    this.#trees.forEach((planned, i) => {
      onProgress(i / this.#trees.length);
      this.#addTree(planned, rows);
    });
    onProgress(1);
  }

  /** Values of a column for the first `rows` rows of the block. */
  column(column: number, rows: number): Float64Array {
    return this.#arena.f64(this.#addressOf(column), rows);
  }

  release(): void {
    this.#tables.release();
    this.#scope.release();
  }

  #addTree({ tree, groups }: PlannedTree, rows: number): void {
    const prepared = groups && this.#tables.prepare(tree, groups, (column) => this.#addressOf(column));
    for (let offset = 0; offset < rows; offset += TILE_ROWS) {
      const count = Math.min(TILE_ROWS, rows - offset);
      // The block has room for whole tiles: what is computed beyond the last row is not used.
      const padded = Math.ceil(count / 16) * 16;
      this.source.decide(tree, offset, this.#decisions, padded, TILE_ROWS);
      if (prepared) this.#tables.add(prepared, this.#decisions, TILE_ROWS, padded, 8 * offset);
      else this.#addRecursively(tree, offset, count);
    }
  }

  #addressOf(column: number): number {
    return this.#values + 8 * this.#place.get(column)! * this.plan.blockRows;
  }

  #addRecursively(tree: Tree, offset: number, count: number): void {
    const decisions = this.#arena.u8(this.#decisions, tree.column.length * TILE_ROWS);
    const outputs = new Map(
      this.plan.columns.map((column) => [column, this.column(column, this.plan.blockRows).subarray(offset)]),
    );
    for (let row = 0; row < count; row++) {
      const goesLeft = (node: number) => decisions[node * TILE_ROWS + row] === 255;
      addRecursiveShap(tree, goesLeft, (column, contribution) => {
        outputs.get(column)![row]! += contribution;
      });
    }
  }
}
