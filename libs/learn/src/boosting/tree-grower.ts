import { histogramCells } from '../binning/binned-bytes.js';
import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import type { SeededRandom } from '../numeric/seeded-random.js';
import type { BoosterParams } from './booster-params.js';
import { type ColumnBlock, columnBlock } from './column-block.js';
import type { ColumnSample } from './column-sampler.js';
import { allocateGrowerMemory, type GrowerMemory } from './grower-memory.js';
import { type HistogramSource, LeafHistograms } from './leaf-histograms.js';
import { LeafScoring } from './leaf-scoring.js';
import type { OpenLeaf } from './open-leaf.js';
import type { GradientUnits } from './quantise-gradients.js';
import { keepsRows, SplitSearch } from './split-search.js';
import { type FoundSplit, TreeAssembly } from './tree-assembly.js';
import type { TreeKernel } from './tree-kernel.js';

/** Rows for one tree: indices into the training rows, with packed gradients in the same order. */
export interface TreeRows {
  /** Matrix row of each training row. */
  readonly matrixRows: Uint32Array;
  /** Training rows that take part, ascending. */
  readonly taking: Uint32Array;
  readonly units: GradientUnits;
  readonly equalHessian: boolean;
}

/**
 * The operations a growth policy is made of: root, histograms, best split, splitting a leaf in two. Holds
 * scratch of one thread in the matrix's shared memory until `release`.
 */
export class TreeGrower {
  readonly kernel: TreeKernel;
  readonly memory: GrowerMemory;
  readonly block: ColumnBlock;
  readonly cells: number;
  assembly = new TreeAssembly();
  scoring!: LeafScoring;
  sample!: ColumnSample;
  readonly #arena: Arena;
  readonly #scope: ArenaScope;
  readonly #constrained: boolean;
  readonly #source: HistogramSource;
  readonly #histograms: LeafHistograms;
  #search: SplitSearch | undefined;

  constructor(
    readonly matrix: BinnedMatrix,
    rows: number,
    columns: readonly number[] | undefined,
    readonly params: BoosterParams,
    readonly random: SeededRandom,
  ) {
    this.#arena = new Arena(matrix.memory);
    this.#scope = new ArenaScope(this.#arena);
    this.kernel = loadKernel<TreeKernel>('tree', matrix.memory);
    this.cells = histogramCells(matrix.bins);
    this.#constrained = params.monotone?.some((direction) => direction !== 0) ?? false;
    try {
      this.block = columnBlock(matrix, columns, this.kernel, this.#scope);
      const size = { rows, columns: this.block.slots.length, bins: matrix.bins };
      this.memory = allocateGrowerMemory(this.#scope, size, params);
    } catch (error) {
      this.#scope.release();
      throw error;
    }
    const { kernel, memory, block, cells } = this;
    this.#source = { arena: this.#arena, kernel, memory, block, cells, params };
    this.#histograms = new LeafHistograms(this.#source);
    const directions = this.#arena.u8(this.memory.directions, this.block.columnOfSlot.length);
    this.block.columnOfSlot.forEach((column, slot) => {
      directions[slot] = column < 0 ? 0 : (params.monotone?.[column] ?? 0);
    });
  }

  /** Where the caller writes the packed gradients of the next tree, 2 int32 a row. */
  packed(count: number): Int32Array {
    return this.#arena.i32(this.memory.packed, 2 * count);
  }

  /** Training rows by leaf: leaf `l` holds those at [start, start + count) of its `OpenLeaf`. */
  rows(count: number): Uint32Array {
    return this.#arena.u32(this.memory.rows, count);
  }

  /** Starts a tree: all rows in one leaf, with histograms. */
  plant(rows: TreeRows, sample: ColumnSample): OpenLeaf {
    const { taking, matrixRows, units } = rows;
    const count = taking.length;
    this.assembly = new TreeAssembly();
    this.scoring = new LeafScoring(this.params, units, rows.equalHessian, this.#constrained);
    this.sample = sample;
    this.#search = new SplitSearch(this.#source, { scoring: this.scoring, sample, random: this.random });
    this.#histograms.start(sample);
    this.#arena.u32(this.memory.groups, sample.groups.length).set(sample.groups);
    this.#arena.u32(this.memory.slots, sample.slots.length).set(sample.slots);
    const first = matrixRows[taking[0]!]!;
    const dense = matrixRows[taking[count - 1]!]! - first + 1 === count && isAscending(matrixRows, taking);
    const offset = dense ? first : 0;
    const positions = this.#arena.u32(this.memory.positions, count);
    for (let i = 0; i < count; i++) positions[i] = matrixRows[taking[i]!]! - offset;
    this.rows(count).set(taking);
    const packed = this.packed(count);
    let gradient = 0;
    let hessian = 0;
    for (let i = 0; i < count; i++) {
      hessian += packed[2 * i]!;
      gradient += packed[2 * i + 1]!;
    }
    const root: OpenLeaf = {
      leaf: 0,
      start: 0,
      count,
      depth: 0,
      gradient,
      hessian,
      lowest: Number.NEGATIVE_INFINITY,
      highest: Number.POSITIVE_INFINITY,
      block: this.block.address + 8 * offset,
      stride: this.block.stride,
      dense,
      histograms: 0,
      split: undefined,
    };
    if (this.#histograms.mayBeSplit(root)) this.#histograms.build(root);
    return root;
  }

  /** Searches the leaf's histograms for its best split; a leaf without one gives its histograms back. */
  findSplit(leaf: OpenLeaf): void {
    leaf.split = leaf.histograms === 0 ? undefined : this.#search?.best(leaf);
    if (!leaf.split) this.close(leaf);
  }

  /** Gives the leaf's histograms back: it stays a leaf. */
  close(leaf: OpenLeaf): void {
    this.#histograms.close(leaf);
  }

  /** Whether both sides of the split keep the least rows, counted where hessian sums do not tell. */
  keepsRows(leaf: OpenLeaf, split: FoundSplit): boolean {
    return keepsRows(this.#source, this.scoring, leaf, split);
  }

  /**
   * Splits a leaf in two, with histograms for children that may be split further.
   *
   * @param wantHistograms false when no further split will be made
   */
  split(leaf: OpenLeaf, wantHistograms: boolean): [OpenLeaf, OpenLeaf] {
    const found = leaf.split!;
    const left = this.#partition(leaf, found);
    const added = this.assembly.split(leaf.leaf, found, this.block.columnOfSlot[found.slot]!, leaf.count);
    const bounds = this.scoring.childBounds(leaf, found, this.#direction(found.slot));
    const common = { depth: leaf.depth + 1, block: leaf.block, stride: leaf.stride, dense: false };
    const empty = { histograms: 0, split: undefined };
    const children: [OpenLeaf, OpenLeaf] = [
      {
        ...common,
        ...empty,
        ...bounds.left,
        leaf: leaf.leaf,
        start: leaf.start,
        count: left,
        gradient: found.leftGradient,
        hessian: found.leftHessian,
      },
      {
        ...common,
        ...empty,
        ...bounds.right,
        leaf: added,
        start: leaf.start + left,
        count: leaf.count - left,
        gradient: leaf.gradient - found.leftGradient,
        hessian: leaf.hessian - found.leftHessian,
      },
    ];
    this.#histograms.share(leaf, children, wantHistograms);
    return children;
  }

  release(): void {
    this.#scope.release();
  }

  #direction(slot: number): number {
    return this.params.monotone?.[this.block.columnOfSlot[slot]!] ?? 0;
  }

  #partition(leaf: OpenLeaf, split: FoundSplit): number {
    const { positions, rows, packed, spare } = this.memory;
    return this.kernel.partitionRows(
      leaf.block,
      leaf.stride,
      split.slot,
      split.bin,
      split.missingLeft ? 1 : 0,
      positions + 4 * leaf.start,
      rows + 4 * leaf.start,
      packed + 8 * leaf.start,
      leaf.count,
      spare,
    );
  }
}

function isAscending(matrixRows: Uint32Array, taking: Uint32Array): boolean {
  for (let i = 1; i < taking.length; i++)
    if (matrixRows[taking[i]!]! <= matrixRows[taking[i - 1]!]!) return false;
  return true;
}
