import type { Arena } from '../kernels/arena.js';
import type { BoosterParams } from './booster-params.js';
import type { ColumnBlock } from './column-block.js';
import type { ColumnSample } from './column-sampler.js';
import type { GrowerMemory } from './grower-memory.js';
import type { OpenLeaf } from './open-leaf.js';
import type { TreeKernel } from './tree-kernel.js';

/**
 * Rows of a leaf are copied together for what follows when they are at most this share of their block:
 * half for the child whose histograms are counted (its rows are gathered for that anyway), a quarter for
 * its sibling (which is read for the copy only). Measured; beyond it growth is slower, not different.
 */
const COUNTED_COMPACT_SHARE = 0.5;
const OTHER_COMPACT_SHARE = 0.25;
/** Copying fewer rows than this does not pay. */
const COMPACT_ROWS = 256;

/** What the histograms of leaves are built from, by one thread. */
export interface HistogramSource {
  readonly arena: Arena;
  readonly kernel: TreeKernel;
  readonly memory: GrowerMemory;
  readonly block: ColumnBlock;
  readonly cells: number;
  readonly params: BoosterParams;
}

/** The histograms of one tree's open leaves, and the rows of leaves that were copied together. */
export class LeafHistograms {
  readonly #from: HistogramSource;
  #sample: ColumnSample | undefined;
  #free: number[] = [];
  #compactedUsed = 0;

  constructor(from: HistogramSource) {
    this.#from = from;
  }

  /** Starts a tree: no leaf has histograms. */
  start(sample: ColumnSample): void {
    this.#sample = sample;
    this.#free = [...this.#from.memory.histograms].reverse();
    this.#compactedUsed = 0;
  }

  /** Whether depth and rows allow to split the leaf. */
  mayBeSplit(leaf: OpenLeaf): boolean {
    const { maxDepth, minRowsInLeaf } = this.#from.params;
    return (maxDepth === 0 || leaf.depth < maxDepth) && leaf.count >= 2 * minRowsInLeaf;
  }

  /** Gives the leaf's histograms back: it stays a leaf. */
  close(leaf: OpenLeaf): void {
    leaf.split = undefined;
    if (leaf.histograms !== 0) this.#free.push(leaf.histograms);
    leaf.histograms = 0;
  }

  /**
   * Gives histograms to the children of a leaf: those of the smaller are counted, those of the larger are what
   * is left of the parent's; children that may not be split get none.
   *
   * @param wanted false when no further split will be made
   */
  share(parent: OpenLeaf, [left, right]: [OpenLeaf, OpenLeaf], wanted: boolean): void {
    const [smaller, larger] = left.count <= right.count ? [left, right] : [right, left];
    if (!wanted || !this.mayBeSplit(larger)) {
      this.close(parent);
      return;
    }
    this.#count(smaller);
    this.#compact(larger);
    const { kernel, memory, cells } = this.#from;
    kernel.subtractHistograms(parent.histograms, smaller.histograms, memory.groups, this.#groupCount, cells);
    larger.histograms = parent.histograms;
    parent.histograms = 0;
    parent.split = undefined;
    if (!this.mayBeSplit(smaller)) this.close(smaller);
  }

  /** Counts the leaf's rows. @param copy where the leaf's rows are gathered to as a block of their own, or 0 */
  build(leaf: OpenLeaf, copy = 0): void {
    const histograms = this.#free.pop();
    if (histograms === undefined) throw new Error('more open leaves than histogram areas');
    leaf.histograms = histograms;
    const { kernel, memory, cells } = this.#from;
    const { positions, packed, groups, tile } = memory;
    kernel.accumulateHistograms(
      leaf.block,
      leaf.stride,
      groups,
      this.#groupCount,
      leaf.dense ? 0 : positions + 4 * leaf.start,
      packed + 8 * leaf.start,
      leaf.count,
      histograms,
      cells,
      tile,
      copy,
    );
  }

  /** Builds the histograms of a leaf; the rows it reads for that stay together when there is room. */
  #count(leaf: OpenLeaf): void {
    const copy = leaf.count < COUNTED_COMPACT_SHARE * leaf.stride ? this.#roomToCompact(leaf) : 0;
    this.build(leaf, copy);
    if (copy !== 0) this.#moveTo(leaf, copy);
  }

  /** Copies the rows of a leaf together once they are few of their block, so that reading them is sequential. */
  #compact(leaf: OpenLeaf): void {
    if (leaf.count >= OTHER_COMPACT_SHARE * leaf.stride) return;
    const to = this.#roomToCompact(leaf);
    if (to === 0) return;
    const { kernel, memory } = this.#from;
    kernel.gatherRows(
      leaf.block,
      leaf.stride,
      memory.groups,
      this.#groupCount,
      memory.positions + 4 * leaf.start,
      leaf.count,
      to,
    );
    this.#moveTo(leaf, to);
  }

  /** Where the leaf's rows may be copied to, 0 when that does not pay or there is no room left. */
  #roomToCompact(leaf: OpenLeaf): number {
    const { block, memory } = this.#from;
    const size = leaf.count * block.columnOfSlot.length;
    const isFull = this.#compactedUsed + size > memory.compactedBytes;
    if (leaf.count <= COMPACT_ROWS || isFull || !this.mayBeSplit(leaf)) return 0;
    const room = memory.compacted + this.#compactedUsed;
    this.#compactedUsed += size;
    return room;
  }

  #moveTo(leaf: OpenLeaf, block: number): void {
    const positions = this.#from.arena.u32(this.#from.memory.positions + 4 * leaf.start, leaf.count);
    for (let i = 0; i < leaf.count; i++) positions[i] = i;
    leaf.block = block;
    leaf.stride = leaf.count;
    leaf.dense = true;
  }

  get #groupCount(): number {
    return this.#sample?.groups.length ?? 0;
  }
}
