import type { Tree } from '../boosting/tree.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { type BackgroundRows, paddedRows } from './background-rows.js';
import { type GroupedLeaf, type LeafGroup, MOST_CASE_BITS } from './leaf-groups.js';
import type { LeafPath } from './leaf-paths.js';
import type { ShapKernel } from './shap-kernel.js';
import { sharingWeights } from './sharing-weights.js';
import type { TileOfRows, TreeMethod } from './tree-method.js';

/** s! (k - 1 - s)! / k! for s = 0 .. k - 1, for k = 1 .. 8 at rows k - 1. */
const SHAPLEY_WEIGHTS = Array.from({ length: MOST_CASE_BITS }, (_, i) => {
  const k = i + 1;
  return Float64Array.from({ length: k }, (_, s) => (factorial(s) * factorial(k - 1 - s)) / factorial(k));
});

/** For k = 1 .. 8 columns at k - 1. */
const SHARING_WEIGHTS = Array.from({ length: MOST_CASE_BITS }, (_, i) => sharingWeights(i + 1));

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

const CONDITION_WORDS = 3;
const REQUIREMENT_WORDS = 3;
const GROUP_WORDS = 6;

/** Of the parts of a group: where they lie, or their bytes. */
interface GroupPlace {
  readonly table: number;
  readonly conditions: number;
  readonly outputs: number;
}

/** Trees with their groups of leaves, and how many rows are added at once at most. */
export interface TabulatedPlan {
  readonly groups: ReadonlyMap<Tree, readonly LeafGroup[]>;
  /** A multiple of 16. */
  readonly tileRows: number;
  /** Given for interventional values. */
  readonly background?: BackgroundRows | undefined;
}

/** Tables of one tree at a time, and the kernel calls that fill and use them. */
export class TabulatedShap implements TreeMethod {
  readonly #arena: Arena;
  readonly #scope: ArenaScope;
  readonly #plan: TabulatedPlan;
  readonly #weights: number;
  readonly #zeros: number;
  readonly #scratch: number;
  readonly #leafTable: number;
  readonly #requirements: number;
  readonly #masks: number;
  readonly #pathConditions: number;
  readonly #counts: number;
  /** Group descriptions, tables, conditions and output addresses of the prepared tree. */
  readonly #tree: number;
  #groupCount = 0;

  constructor(
    memory: WebAssembly.Memory,
    readonly kernel: ShapKernel,
    plan: TabulatedPlan,
  ) {
    this.#plan = plan;
    this.#arena = new Arena(memory);
    this.#scope = new ArenaScope(this.#arena);
    const most = MOST_CASE_BITS;
    const trees = [...plan.groups.values()];
    const bytes = trees.reduce((max, groups) => Math.max(max, tableBytes(groups)), 8);
    const steps = trees.flat().reduce((max, group) => Math.max(max, longestPath(group)), 1);
    const masked = Math.max(plan.tileRows, plan.background?.stride ?? 0, 2 ** most);
    try {
      this.#weights = this.#scope.allocate(8 * (most + 1) ** 2, 'Shapley weights');
      this.#zeros = this.#scope.allocate(8 * most, 'path shares');
      this.#scratch = this.#scope.allocate(8 * (most + 3) * 2 ** most, 'path polynomials');
      this.#leafTable = this.#scope.allocate(8 * most * 2 ** most, 'table of a leaf');
      this.#requirements = this.#scope.allocate(4 * REQUIREMENT_WORDS * most, 'requirements of a leaf');
      this.#pathConditions = this.#scope.allocate(4 * CONDITION_WORDS * steps, 'conditions of a path');
      this.#counts = this.#scope.allocate(4 * 2 ** most, 'background rows by case');
      this.#tree = this.#scope.allocate(bytes, 'SHAP tables of a tree');
      this.#masks = this.#scope.allocate(masked, 'cases of rows');
    } catch (error) {
      this.#scope.release();
      throw error;
    }
  }

  prepare(tree: Tree, outputOf: (column: number) => number): void {
    const groups = this.#plan.groups.get(tree)!;
    this.#groupCount = groups.length;
    this.#plan.background?.decide(tree);
    const places = placeGroups(groups, this.#tree);
    const descriptions = this.#arena.u32(this.#tree, GROUP_WORDS * groups.length);
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
  }

  add({ decisions, stride, count, offset }: TileOfRows): void {
    const padded = paddedRows(count);
    this.kernel.addLeafGroups(decisions, stride, padded, this.#tree, this.#groupCount, offset, this.#masks);
  }

  release(): void {
    this.#scope.release();
  }

  #addLeaf(tree: Tree, { path, requirements }: GroupedLeaf, groupTable: number, bits: number): void {
    const k = path.columns.length;
    const value = tree.leafValue[path.leaf]!;
    const { background } = this.#plan;
    if (background) this.#fillInterventional(path, value, background);
    else this.#fillPathDependent(path, value);
    const words = this.#arena.u32(this.#requirements, REQUIREMENT_WORDS * k);
    requirements.forEach(({ relevant, value: asked, output }, j) => {
      words.set([relevant, asked, output], REQUIREMENT_WORDS * j);
    });
    this.kernel.mergeLeafTable(this.#leafTable, k, this.#requirements, groupTable, bits, this.#masks);
  }

  #fillPathDependent(path: LeafPath, value: number): void {
    const k = path.columns.length;
    this.#arena.f64(this.#zeros, k).set(path.zeros);
    this.#arena.f64(this.#weights, k + 1).set([...SHAPLEY_WEIGHTS[k - 1]!, 0]);
    this.kernel.fillLeafTable(value, this.#zeros, k, this.#weights, this.#leafTable, this.#scratch);
  }

  #fillInterventional({ columns, conditions }: LeafPath, value: number, background: BackgroundRows): void {
    const k = columns.length;
    const { decisions, stride, rows } = background;
    const words = this.#arena.u32(this.#pathConditions, CONDITION_WORDS * conditions.length);
    conditions.forEach(({ node, left, feature }, c) => {
      words.set([node, left ? 255 : 0, 1 << feature], CONDITION_WORDS * c);
    });
    this.kernel.countCases(
      decisions,
      stride,
      rows,
      this.#pathConditions,
      conditions.length,
      k,
      this.#masks,
      this.#counts,
    );
    this.#arena.f64(this.#weights, (k + 1) ** 2).set(SHARING_WEIGHTS[k - 1]!);
    this.kernel.fillInterventionalTable(
      value / rows,
      this.#counts,
      k,
      this.#weights,
      this.#leafTable,
      this.#scratch,
    );
  }
}

function longestPath({ leaves }: LeafGroup): number {
  return leaves.reduce((most, { path }) => Math.max(most, path.conditions.length), 0);
}

/** Bytes of shared memory that a tree's tables and descriptions take. */
function tableBytes(groups: readonly LeafGroup[]): number {
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
