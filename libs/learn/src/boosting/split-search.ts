import type { SeededRandom } from '../numeric/seeded-random.js';
import { type ColumnSample, sampleNodeColumns } from './column-sampler.js';
import type { HistogramSource } from './leaf-histograms.js';
import type { LeafScoring } from './leaf-scoring.js';
import type { OpenLeaf } from './open-leaf.js';
import type { FoundSplit } from './tree-assembly.js';
import type { SplitSearchArguments } from './tree-kernel.js';

/** What a tree's splits are searched with. */
export interface SearchSetting {
  readonly scoring: LeafScoring;
  readonly sample: ColumnSample;
  /** Draws the columns of nodes. */
  readonly random: SeededRandom;
}

/** Finds the best split of a leaf of one tree in its histograms. */
export class SplitSearch {
  readonly #from: HistogramSource;
  readonly #setting: SearchSetting;

  constructor(from: HistogramSource, setting: SearchSetting) {
    this.#from = from;
    this.#setting = setting;
  }

  /** The best split that leaves enough rows on both sides; undefined when there is none. */
  best(leaf: OpenLeaf): FoundSplit | undefined {
    const slotCount = this.#nodeSlots();
    let minimum = this.#setting.scoring.leastHessian(leaf);
    // Row counts are known through hessians only; where those are not counts, check and ask for more.
    while (2 * minimum <= leaf.hessian) {
      const found = this.#searchOnce(leaf, slotCount, minimum);
      if (!found || keepsRows(this.#from, this.#setting.scoring, leaf, found)) return found;
      minimum *= 1.25;
    }
    return undefined;
  }

  #searchOnce(leaf: OpenLeaf, slotCount: number, minimum: number): FoundSplit | undefined {
    const { arena, kernel, memory, cells } = this.#from;
    const { scoring } = this.#setting;
    const record = arena.f64(memory.best, 6);
    const toBeat = scoring.scoreToBeat(leaf);
    record[0] = toBeat;
    const search: SplitSearchArguments = [
      leaf.histograms,
      cells,
      memory.slots,
      slotCount,
      leaf.gradient,
      leaf.hessian,
      scoring.l1,
      scoring.l2,
      minimum,
      memory.best,
    ];
    if (scoring.constrained) {
      kernel.searchConstrainedSplits(...search, memory.directions, ...scoring.quantisedBounds(leaf));
    } else {
      kernel.searchSplits(...search);
    }
    return record[0]! > toBeat ? this.#foundSplit(leaf, record) : undefined;
  }

  #foundSplit(leaf: OpenLeaf, record: Float64Array): FoundSplit {
    const slot = record[1]!;
    const leftHessian = record[5]!;
    const cell = leaf.histograms + 8 * slot * this.#from.cells;
    const [hessian, gradient] = this.#from.arena.i32(cell, 2);
    // Without missing rows here the data say nothing: later ones go with the majority.
    const undecided = hessian === 0 && gradient === 0;
    return {
      gain: this.#setting.scoring.gain(leaf, record[0]!),
      slot,
      bin: record[2]!,
      missingLeft: undecided ? 2 * leftHessian > leaf.hessian : record[3] === 1,
      leftGradient: record[4]!,
      leftHessian,
    };
  }

  /** The slots that this node searches, already in memory. */
  #nodeSlots(): number {
    const { sample, random } = this.#setting;
    const { nodeColumnFraction } = this.#from.params;
    if (nodeColumnFraction >= 1) return sample.slots.length;
    const chosen = sampleNodeColumns(sample.slots, nodeColumnFraction, random);
    this.#from.arena.u32(this.#from.memory.slots, chosen.length).set(chosen);
    return chosen.length;
  }
}

/** Whether both sides of a split keep the least rows, counted where hessian sums do not tell. */
export function keepsRows(
  { kernel, memory, params }: HistogramSource,
  { equalHessian }: LeafScoring,
  leaf: OpenLeaf,
  split: FoundSplit,
): boolean {
  if (equalHessian) return true;
  const left = kernel.countLeft(
    leaf.block,
    leaf.stride,
    split.slot,
    split.bin,
    split.missingLeft ? 1 : 0,
    memory.positions + 4 * leaf.start,
    leaf.count,
  );
  const { minRowsInLeaf } = params;
  return left >= minRowsInLeaf && leaf.count - left >= minRowsInLeaf;
}
