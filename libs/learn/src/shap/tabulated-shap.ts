import type { Tree } from '../boosting/tree.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { type GroupedLeaf, type LeafGroup, MOST_CASE_BITS } from './leaf-groups.js';
import type { ShapKernel } from './shap-kernel.js';

/** s! (k - 1 - s)! / k! for s = 0 .. k - 1, for k = 1 .. 8 at rows k - 1. */
const SHAPLEY_WEIGHTS = Array.from({ length: MOST_CASE_BITS }, (_, i) => {
  const k = i + 1;
  return Float64Array.from({ length: k }, (_, s) => (factorial(s) * factorial(k - 1 - s)) / factorial(k));
});

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

const CONDITION_WORDS = 3;
const REQUIREMENT_WORDS = 3;
const GROUP_WORDS = 6;

/** A tree whose tables are in memory. */
export interface PreparedTree {
  readonly address: number;
  readonly groups: number;
}

/** Of the parts of a group: where they lie, or their bytes. */
interface GroupPlace {
  readonly table: number;
  readonly conditions: number;
  readonly outputs: number;
}

/** Tables of one tree at a time, and the kernel calls that fill and use them. */
export class TabulatedShap {
  readonly #arena: Arena;
  readonly #scope: ArenaScope;
  readonly #weights: number;
  readonly #zeros: number;
  readonly #scratch: number;
  readonly #leafTable: number;
  readonly #requirements: number;
  readonly #masks: number;
  /** Group descriptions, tables, conditions and output addresses of the prepared tree. */
  readonly #tree: number;

  /**
   * @param tileRows rows added at once at most, a multiple of 16
   * @param bytes room for the largest tree, see `tableBytes`
   */
  constructor(
    memory: WebAssembly.Memory,
    readonly kernel: ShapKernel,
    tileRows: number,
    bytes: number,
  ) {
    this.#arena = new Arena(memory);
    this.#scope = new ArenaScope(this.#arena);
    const most = MOST_CASE_BITS;
    try {
      this.#weights = this.#scope.allocate(8 * (most + 1), 'Shapley weights');
      this.#zeros = this.#scope.allocate(8 * most, 'path shares');
      this.#scratch = this.#scope.allocate(8 * (most + 3) * 2 ** most, 'path polynomials');
      this.#leafTable = this.#scope.allocate(8 * most * 2 ** most, 'table of a leaf');
      this.#requirements = this.#scope.allocate(4 * REQUIREMENT_WORDS * most, 'requirements of a leaf');
      this.#tree = this.#scope.allocate(bytes, 'SHAP tables of a tree');
      this.#masks = this.#scope.allocate(Math.max(tileRows, 2 ** most), 'cases of rows');
    } catch (error) {
      this.#scope.release();
      throw error;
    }
  }

  /**
   * Tabulates the leaves of a tree, in the place of the one before.
   * @param outputOf address of the f64 column that a matrix column's contributions are added to
   */
  prepare(tree: Tree, groups: readonly LeafGroup[], outputOf: (column: number) => number): PreparedTree {
    const address = this.#tree;
    const places = placeGroups(groups, address);
    const descriptions = this.#arena.u32(address, GROUP_WORDS * groups.length);
    groups.forEach((group, i) => {
      const { table, conditions, outputs } = places[i]!;
      const { bits, columns } = group;
      descriptions.set(
        [conditions, group.conditions.length, bits, table, outputs, columns.length],
        GROUP_WORDS * i,
      );
      this.#arena.u32(outputs, columns.length).set(columns.map(outputOf));
      const words = this.#arena.u32(conditions, CONDITION_WORDS * group.conditions.length);
      group.conditions.forEach(({ node, left, bit }, c) => {
        words.set([node, left ? 255 : 0, 1 << bit], CONDITION_WORDS * c);
      });
      this.#arena.f64(table, columns.length * 2 ** bits).fill(0);
      for (const leaf of group.leaves) this.#addLeaf(tree, leaf, table, bits);
    });
    return { address, groups: groups.length };
  }

  /**
   * Adds a prepared tree's contributions to a tile of rows.
   * @param decisions address of bytes by node and row @param stride bytes a node
   * @param count rows, a multiple of 16
   * @param offset bytes from the start of an output column to the tile's first row
   */
  add(tree: PreparedTree, decisions: number, stride: number, count: number, offset: number): void {
    this.kernel.addLeafGroups(decisions, stride, count, tree.address, tree.groups, offset, this.#masks);
  }

  release(): void {
    this.#scope.release();
  }

  #addLeaf(tree: Tree, { path, requirements }: GroupedLeaf, groupTable: number, bits: number): void {
    const k = path.columns.length;
    this.#arena.f64(this.#zeros, k).set(path.zeros);
    this.#arena.f64(this.#weights, k + 1).set([...SHAPLEY_WEIGHTS[k - 1]!, 0]);
    const value = tree.leafValue[path.leaf]!;
    this.kernel.fillLeafTable(value, this.#zeros, k, this.#weights, this.#leafTable, this.#scratch);
    const words = this.#arena.u32(this.#requirements, REQUIREMENT_WORDS * k);
    requirements.forEach(({ relevant, value, output }, j) => {
      words.set([relevant, value, output], REQUIREMENT_WORDS * j);
    });
    this.kernel.mergeLeafTable(this.#leafTable, k, this.#requirements, groupTable, bits, this.#masks);
  }
}

/** Bytes of shared memory that a tree's tables and descriptions take. */
export function tableBytes(groups: readonly LeafGroup[]): number {
  const bytes = groups.reduce((sum, group) => {
    const { table, conditions, outputs } = groupBytes(group);
    return sum + table + conditions + outputs;
  }, descriptionBytes(groups));
  return Math.ceil(bytes / 8) * 8;
}

function descriptionBytes(groups: readonly LeafGroup[]): number {
  return Math.ceil((4 * GROUP_WORDS * groups.length) / 8) * 8;
}

function groupBytes({ bits, conditions, columns }: LeafGroup): GroupPlace {
  return {
    table: 8 * columns.length * 2 ** bits,
    conditions: 4 * CONDITION_WORDS * conditions.length,
    outputs: 4 * columns.length,
  };
}

/** Where the parts of each group lie: all tables first, so that they stay aligned. */
function placeGroups(groups: readonly LeafGroup[], address: number): GroupPlace[] {
  const sizes = groups.map(groupBytes);
  let table = address + descriptionBytes(groups);
  let other = sizes.reduce((end, size) => end + size.table, table);
  return sizes.map((size) => {
    const place = { table, conditions: other, outputs: other + size.conditions };
    table += size.table;
    other += size.conditions + size.outputs;
    return place;
  });
}
