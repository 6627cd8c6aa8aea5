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

/** Scratch and kernel calls of the table algorithm, for one tree at a time. */
export class TabulatedShap {
  readonly #arena: Arena;
  readonly #scope: ArenaScope;
  readonly #weights: number;
  readonly #zeros: number;
  readonly #polynomial: number;
  readonly #masks: number;
  readonly #outputs: number;
  #tree = 0;
  #treeBytes = 0;
  #paths: readonly LeafPath[] = [];
  #tables: number[] = [];
  #conditions: number[] = [];

  /** @param blockRows rows a block, a multiple of 16 */
  constructor(
    memory: WebAssembly.Memory,
    readonly kernel: ShapKernel,
    blockRows: number,
  ) {
    this.#arena = new Arena(memory);
    this.#scope = new ArenaScope(this.#arena);
    try {
      const line = 8 * (MOST_TABULATED_FEATURES + 1);
      this.#weights = this.#scope.allocate(line * MOST_TABULATED_FEATURES, 'Shapley weights');
      this.#zeros = this.#scope.allocate(line, 'path shares');
      this.#polynomial = this.#scope.allocate(line, 'polynomial');
      this.#outputs = this.#scope.allocate(4 * MOST_TABULATED_FEATURES, 'output addresses');
      this.#masks = this.#scope.allocate(blockRows, 'path masks');
    } catch (error) {
      this.#scope.release();
      throw error;
    }
  }

  /** Tabulates the leaves of a tree; its paths must have at most 8 distinct features. */
  prepare(tree: Tree, paths: readonly LeafPath[]): void {
    this.#paths = paths;
    const tableBytes = paths.map((path) => 8 * path.columns.length * 2 ** path.columns.length);
    const conditionBytes = paths.map((path) => 12 * path.conditions.length);
    const bytes = [...tableBytes, ...conditionBytes].reduce((sum, part) => sum + part, 0);
    this.#reserve(bytes);
    let next = this.#tree;
    const place = (part: number) => {
      next += part;
      return next - part;
    };
    this.#tables = tableBytes.map(place);
    this.#conditions = conditionBytes.map(place);
    paths.forEach((path, i) => {
      this.#fill(tree, path, this.#tables[i]!, this.#conditions[i]!);
    });
  }

  /**
   * Adds the prepared tree's contributions to a block of rows.
   * @param decisions address of bytes by node and row @param stride bytes a node
   * @param count rows, a multiple of 16
   * @param outputOf address of the f64 column that a matrix column's contributions are added to
   */
  add(decisions: number, stride: number, count: number, outputOf: (column: number) => number): void {
    const outputs = this.#arena.u32(this.#outputs, MOST_TABULATED_FEATURES);
    this.#paths.forEach((path, i) => {
      path.columns.forEach((column, j) => {
        outputs[j] = outputOf(column);
      });
      this.kernel.addLeaf(
        decisions,
        stride,
        count,
        this.#conditions[i]!,
        path.conditions.length,
        path.columns.length,
        this.#tables[i]!,
        this.#outputs,
        this.#masks,
      );
    });
  }

  release(): void {
    if (this.#treeBytes > 0) this.#arena.free(this.#tree);
    this.#treeBytes = 0;
    this.#scope.release();
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#treeBytes) return;
    if (this.#treeBytes > 0) this.#arena.free(this.#tree);
    this.#treeBytes = 0;
    this.#tree = this.#arena.allocate(bytes, 'SHAP tables of a tree');
    this.#treeBytes = bytes;
  }

  #fill(tree: Tree, path: LeafPath, table: number, conditions: number): void {
    const k = path.columns.length;
    this.#arena.f64(this.#zeros, k).set(path.zeros);
    const weights = this.#weights;
    this.#arena.f64(weights, k).set(SHAPLEY_WEIGHTS[k - 1]!);
    this.kernel.fillLeafTable(tree.leafValue[path.leaf]!, this.#zeros, k, weights, table, this.#polynomial);
    const words = this.#arena.u32(conditions, 3 * path.conditions.length);
    path.conditions.forEach(({ node, left, feature }, i) => {
      words.set([node, left ? 255 : 0, 1 << feature], 3 * i);
    });
  }
}
