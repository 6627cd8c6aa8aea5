import type { Tree } from '../boosting/tree.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import type { LeafPath } from './leaf-paths.js';
import type { ShapKernel } from './shap-kernel.js';

/** Distinct features on a path beyond which 2^k tables cost more than they save. */
export const MOST_TABULATED_FEATURES = 8;

/** s! (k - 1 - s)! / k! for s = 0 .. k - 1, for k = 1 .. 8 at rows k - 1. */
const SHAPLEY_WEIGHTS = Array.from({ length: MOST_TABULATED_FEATURES }, (_, i) => {
  const k = i + 1;
  return Float64Array.from({ length: k }, (_, s) => (factorial(s) * factorial(k - 1 - s)) / factorial(k));
});

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

const CONDITION_WORDS = 3;
const LEAF_WORDS = 5;

/** Scratch and kernel calls of the table algorithm, for one tree at a time. */
export class TabulatedShap {
  readonly #arena: Arena;
  readonly #scope: ArenaScope;
  readonly #weights: number;
  readonly #zeros: number;
  readonly #scratch: number;
  readonly #masks: number;
  /** Leaf descriptions, conditions, output addresses and tables of the prepared tree. */
  #tree = 0;
  #treeBytes = 0;
  #leaves = 0;

  /** @param tileRows rows added at once at most, a multiple of 16 */
  constructor(
    memory: WebAssembly.Memory,
    readonly kernel: ShapKernel,
    tileRows: number,
  ) {
    this.#arena = new Arena(memory);
    this.#scope = new ArenaScope(this.#arena);
    const most = MOST_TABULATED_FEATURES;
    try {
      this.#weights = this.#scope.allocate(8 * (most + 1), 'Shapley weights');
      this.#zeros = this.#scope.allocate(8 * most, 'path shares');
      this.#scratch = this.#scope.allocate(8 * (most + 3) * 2 ** most, 'path polynomials');
      this.#masks = this.#scope.allocate(tileRows, 'path masks');
    } catch (error) {
      this.#scope.release();
      throw error;
    }
  }

  /**
   * Tabulates the leaves of a tree; its paths must have at most 8 distinct features.
   * @param outputOf address of the f64 column that a matrix column's contributions are added to
   */
  prepare(tree: Tree, paths: readonly LeafPath[], outputOf: (column: number) => number): void {
    const places = this.#place(paths);
    this.#leaves = paths.length;
    paths.forEach((path, i) => {
      const { conditions, outputs, table } = places[i]!;
      const k = path.columns.length;
      const description = [conditions, path.conditions.length, k, table, outputs];
      this.#arena.u32(this.#tree, LEAF_WORDS * paths.length).set(description, LEAF_WORDS * i);
      this.#arena.u32(outputs, k).set(path.columns.map(outputOf));
      const words = this.#arena.u32(conditions, CONDITION_WORDS * path.conditions.length);
      path.conditions.forEach(({ node, left, feature }, c) => {
        words.set([node, left ? 255 : 0, 1 << feature], CONDITION_WORDS * c);
      });
      this.#arena.f64(this.#zeros, k).set(path.zeros);
      this.#arena.f64(this.#weights, k + 1).set([...SHAPLEY_WEIGHTS[k - 1]!, 0]);
      this.kernel.fillLeafTable(
        tree.leafValue[path.leaf]!,
        this.#zeros,
        k,
        this.#weights,
        table,
        this.#scratch,
      );
    });
  }

  /**
   * Adds the prepared tree's contributions to a tile of rows.
   * @param decisions address of bytes by node and row @param stride bytes a node
   * @param count rows, a multiple of 16
   * @param offset bytes from the start of an output column to the tile's first row
   */
  add(decisions: number, stride: number, count: number, offset: number): void {
    this.kernel.addLeaves(decisions, stride, count, this.#tree, this.#leaves, offset, this.#masks);
  }

  release(): void {
    if (this.#treeBytes > 0) this.#arena.free(this.#tree);
    this.#treeBytes = 0;
    this.#scope.release();
  }

  /** Reserves the parts of a tree and says where those of each leaf are. */
  #place(paths: readonly LeafPath[]): { conditions: number; outputs: number; table: number }[] {
    const sizes = paths.map(({ conditions, columns }) => ({
      table: 8 * columns.length * 2 ** columns.length,
      conditions: 4 * CONDITION_WORDS * conditions.length,
      outputs: 4 * columns.length,
    }));
    const descriptions = Math.ceil((4 * LEAF_WORDS * paths.length) / 8) * 8;
    const tables = sizes.reduce((sum, size) => sum + size.table, 0);
    const others = sizes.reduce((sum, size) => sum + size.conditions + size.outputs, 0);
    this.#reserve(descriptions + tables + others);
    let table = this.#tree + descriptions;
    let other = table + tables;
    return sizes.map((size) => {
      const place = { table, conditions: other, outputs: other + size.conditions };
      table += size.table;
      other += size.conditions + size.outputs;
      return place;
    });
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#treeBytes) return;
    if (this.#treeBytes > 0) this.#arena.free(this.#tree);
    this.#treeBytes = 0;
    this.#tree = this.#arena.allocate(bytes, 'SHAP tables of a tree');
    this.#treeBytes = bytes;
  }
}
