import { histogramCells } from '../binning/binned-bytes.js';
import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import type { SeededRandom } from '../seeded-random.js';
import type { BoosterParams } from './booster-params.js';
import { type ColumnBlock, columnBlock } from './column-block.js';
import { type ColumnSample, sampleNodeColumns } from './column-sampler.js';
import { allocateGrowerMemory, type GrowerMemory } from './grower-memory.js';
import { LeafScoring } from './leaf-scoring.js';
import type { GradientUnits } from './quantise-gradients.js';
import { type FoundSplit, TreeAssembly } from './tree-assembly.js';
import type { TreeKernel } from './tree-kernel.js';

/** A leaf of the tree that grows: a range of the row arrays, its sums, and what could be done with it. */
export interface OpenLeaf {
  readonly leaf: number;
  readonly start: number;
  readonly count: number;
  readonly depth: number;
  /** Quantised sums. */
  readonly gradient: number;
  readonly hessian: number;
  /** Bounds of the leaf's output, in score units; finite only under monotone constraints. */
  readonly lowest: number;
  readonly highest: number;
  /** Where the rows' bins are. */
  block: number;
  stride: number;
  /** Whether the rows lie at 0 .. count - 1 of the block, so that no positions are needed. */
  dense: boolean;
  /** Address of its histograms, 0 without. */
  histograms: number;
  split: FoundSplit | undefined;
}

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
 * Rows of a leaf are copied together for what follows when they are at most this share of their block:
 * half for the child whose histograms are counted (its rows are gathered for that anyway), a quarter for
 * its sibling (which is read for the copy only). Measured; beyond it growth is slower, not different.
 */
const COUNTED_COMPACT_SHARE = 0.5;
const OTHER_COMPACT_SHARE = 0.25;
/** Copying fewer rows than this does not pay. */
const COMPACT_ROWS = 256;

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
  #free: number[] = [];
  #compactedUsed = 0;

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
    this.#free = [...this.memory.histograms].reverse();
    this.#compactedUsed = 0;
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
    if (this.mayBeSplit(root)) this.#buildHistograms(root);
    return root;
  }

  /** Whether depth and rows allow to split the leaf. */
  mayBeSplit(leaf: OpenLeaf): boolean {
    const { maxDepth, minRowsInLeaf } = this.params;
    return (maxDepth === 0 || leaf.depth < maxDepth) && leaf.count >= 2 * minRowsInLeaf;
  }

  /** Searches the leaf's histograms for its best split; a leaf without one gives its histograms back. */
  findSplit(leaf: OpenLeaf): void {
    leaf.split = leaf.histograms === 0 ? undefined : this.#search(leaf);
    if (!leaf.split) this.close(leaf);
  }

  /** Gives the leaf's histograms back: it stays a leaf. */
  close(leaf: OpenLeaf): void {
    leaf.split = undefined;
    if (leaf.histograms !== 0) this.#free.push(leaf.histograms);
    leaf.histograms = 0;
  }

  /**
   * Splits a leaf in two. The histograms of the smaller child are counted, those of the larger are what is
   * left of the parent's; children that may not be split get none.
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
    this.#shareHistograms(leaf, children, wantHistograms);
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

  #shareHistograms(parent: OpenLeaf, [left, right]: [OpenLeaf, OpenLeaf], wanted: boolean): void {
    const [smaller, larger] = left.count <= right.count ? [left, right] : [right, left];
    if (!wanted || !this.mayBeSplit(larger)) {
      this.close(parent);
      return;
    }
    this.#countHistograms(smaller);
    this.#compact(larger);
    const { groups } = this.memory;
    this.kernel.subtractHistograms(
      parent.histograms,
      smaller.histograms,
      groups,
      this.sample.groups.length,
      this.cells,
    );
    larger.histograms = parent.histograms;
    parent.histograms = 0;
    parent.split = undefined;
    if (!this.mayBeSplit(smaller)) this.close(smaller);
  }

  /** Builds the histograms of a leaf; the rows it reads for that stay together when there is room. */
  #countHistograms(leaf: OpenLeaf): void {
    const copy = leaf.count < COUNTED_COMPACT_SHARE * leaf.stride ? this.#roomToCompact(leaf) : 0;
    this.#buildHistograms(leaf, copy);
    if (copy !== 0) this.#moveTo(leaf, copy);
  }

  /** Copies the rows of a leaf together once they are few of their block, so that reading them is sequential. */
  #compact(leaf: OpenLeaf): void {
    if (leaf.count >= OTHER_COMPACT_SHARE * leaf.stride) return;
    const to = this.#roomToCompact(leaf);
    if (to === 0) return;
    const { groups, positions } = this.memory;
    const groupCount = this.sample.groups.length;
    this.kernel.gatherRows(
      leaf.block,
      leaf.stride,
      groups,
      groupCount,
      positions + 4 * leaf.start,
      leaf.count,
      to,
    );
    this.#moveTo(leaf, to);
  }

  /** Where the leaf's rows may be copied to, 0 when that does not pay or there is no room left. */
  #roomToCompact(leaf: OpenLeaf): number {
    const size = leaf.count * this.block.columnOfSlot.length;
    const isFull = this.#compactedUsed + size > this.memory.compactedBytes;
    if (leaf.count <= COMPACT_ROWS || isFull || !this.mayBeSplit(leaf)) return 0;
    const room = this.memory.compacted + this.#compactedUsed;
    this.#compactedUsed += size;
    return room;
  }

  #moveTo(leaf: OpenLeaf, block: number): void {
    const positions = this.#arena.u32(this.memory.positions + 4 * leaf.start, leaf.count);
    for (let i = 0; i < leaf.count; i++) positions[i] = i;
    leaf.block = block;
    leaf.stride = leaf.count;
    leaf.dense = true;
  }

  /** @param copy where the leaf's rows are gathered to as a block of their own, or 0 */
  #buildHistograms(leaf: OpenLeaf, copy = 0): void {
    const histograms = this.#free.pop();
    if (histograms === undefined) throw new Error('more open leaves than histogram areas');
    leaf.histograms = histograms;
    const { positions, packed, groups, tile } = this.memory;
    this.kernel.accumulateHistograms(
      leaf.block,
      leaf.stride,
      groups,
      this.sample.groups.length,
      leaf.dense ? 0 : positions + 4 * leaf.start,
      packed + 8 * leaf.start,
      leaf.count,
      histograms,
      this.cells,
      tile,
      copy,
    );
  }

  /** The slots that this node searches, already in memory. */
  #nodeSlots(): number {
    const { slots } = this.sample;
    if (this.params.nodeColumnFraction >= 1) return slots.length;
    const chosen = sampleNodeColumns(slots, this.params.nodeColumnFraction, this.random);
    this.#arena.u32(this.memory.slots, chosen.length).set(chosen);
    return chosen.length;
  }

  #search(leaf: OpenLeaf): FoundSplit | undefined {
    const slotCount = this.#nodeSlots();
    let minimum = this.scoring.leastHessian(leaf);
    // Row counts are known through hessians only; where those are not counts, check and ask for more.
    while (2 * minimum <= leaf.hessian) {
      const found = this.#searchOnce(leaf, slotCount, minimum);
      if (!found || this.keepsRows(leaf, found)) return found;
      minimum *= 1.25;
    }
    return undefined;
  }

  #searchOnce(leaf: OpenLeaf, slotCount: number, minimum: number): FoundSplit | undefined {
    const { best, slots, directions } = this.memory;
    const { l1, l2 } = this.scoring;
    const record = this.#arena.f64(best, 6);
    const toBeat = this.scoring.scoreToBeat(leaf);
    record[0] = toBeat;
    const { gradient, hessian, histograms } = leaf;
    if (this.#constrained) {
      const [lowest, highest] = this.scoring.quantisedBounds(leaf);
      this.kernel.searchConstrainedSplits(
        histograms,
        this.cells,
        slots,
        slotCount,
        gradient,
        hessian,
        l1,
        l2,
        minimum,
        best,
        directions,
        lowest,
        highest,
      );
    } else {
      this.kernel.searchSplits(
        histograms,
        this.cells,
        slots,
        slotCount,
        gradient,
        hessian,
        l1,
        l2,
        minimum,
        best,
      );
    }
    if (!(record[0]! > toBeat)) return undefined;
    return this.#foundSplit(leaf, record);
  }

  #foundSplit(leaf: OpenLeaf, record: Float64Array): FoundSplit {
    const slot = record[1]!;
    const leftHessian = record[5]!;
    const cell = leaf.histograms + 8 * slot * this.cells;
    const [hessian, gradient] = this.#arena.i32(cell, 2);
    // Without missing rows here the data say nothing: later ones go with the majority.
    const undecided = hessian === 0 && gradient === 0;
    return {
      gain: this.scoring.gain(leaf, record[0]!),
      slot,
      bin: record[2]!,
      missingLeft: undecided ? 2 * leftHessian > leaf.hessian : record[3] === 1,
      leftGradient: record[4]!,
      leftHessian,
    };
  }

  /** Whether both sides keep the least rows, counted where hessian sums do not tell. */
  keepsRows(leaf: OpenLeaf, split: FoundSplit): boolean {
    if (this.scoring.equalHessian) return true;
    const left = this.kernel.countLeft(
      leaf.block,
      leaf.stride,
      split.slot,
      split.bin,
      split.missingLeft ? 1 : 0,
      this.memory.positions + 4 * leaf.start,
      leaf.count,
    );
    const { minRowsInLeaf } = this.params;
    return left >= minRowsInLeaf && leaf.count - left >= minRowsInLeaf;
  }
}

function isAscending(matrixRows: Uint32Array, taking: Uint32Array): boolean {
  for (let i = 1; i < taking.length; i++)
    if (matrixRows[taking[i]!]! <= matrixRows[taking[i - 1]!]!) return false;
  return true;
}
