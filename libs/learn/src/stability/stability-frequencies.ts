import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type ProgressHooks, reportProgress } from '../progress-hooks.js';
import type { PieceKind } from '../threads/piece-kind.js';
import type { WorkPool } from '../threads/work-pool.js';
import { oneWayScore } from './binned-f.js';
import type { PairMembership } from './complementary-pairs.js';
import { EntryRoom, type SubsampleTarget } from './entry-room.js';
import type { Inflation } from './inflation.js';
import type { BlockMoments } from './place-target.js';
import type { StabilityContext } from './stability-context.js';
import { TABLE_SCALE } from './standardised-table.js';
import type { TargetBins, TargetBinsKernel } from './target-bins.js';

/** What one method selected over all subsamples, in Gram order. */
export interface MethodFrequencies {
  /** Subsamples that selected the column, of all. */
  readonly frequency: Float64Array;
  /** Mean over subsamples of 1 for the first selected down to 1/q for the last, 0 when not selected. */
  readonly strength: Float64Array;
}

export interface StabilityFrequencies {
  readonly elasticNet: MethodFrequencies;
  readonly binnedF: MethodFrequencies;
}

export interface StabilityInput {
  context: StabilityContext;
  target: TargetBins;
  /** Most columns a fit selects. */
  q: number;
  /** 1 for columns that may be selected, in Gram order. */
  usable: Uint8Array;
  inflation: Inflation;
}

/** Values a column has in the output of the kernel, for the subsample and for its complement. */
const LANES = 4;

/** Which subsamples to select in, and on which threads. */
export interface Subsamples {
  readonly pairs: readonly PairMembership[];
  readonly pool: WorkPool;
}

/** Complementary pairs that a thread takes at a time. */
const PAIRS_AT_ONCE = 4;

/** What the two methods selected in one subsample, best first, in Gram positions. */
interface Selected {
  readonly elasticNet: Int32Array;
  readonly binnedF: Int32Array;
}

/** Both subsamples of each of some complementary pairs, in order. */
export const SELECTED_IN_PAIRS: PieceKind<StabilityInput, readonly PairMembership[], Selected[]> = {
  name: 'selected-in-pairs',
  compute: selectedInPairs,
};

/**
 * Selects in every subsample of every complementary pair, by two methods: the first q variables to enter an
 * elastic-net path, and the q columns whose bins explain the target best (one-way F).
 */
export function stabilityFrequencies(
  input: StabilityInput,
  { pairs, pool }: Subsamples,
  hooks: ProgressHooks = {},
): StabilityFrequencies {
  const pieces: PairMembership[][] = [];
  for (let from = 0; from < pairs.length; from += PAIRS_AT_ONCE) {
    pieces.push(pairs.slice(from, from + PAIRS_AT_ONCE));
  }
  const elasticNet = new Tally(input.context.columns.length, input.q, 2 * pairs.length);
  const binnedF = new Tally(input.context.columns.length, input.q, 2 * pairs.length);
  for (const selected of pool.compute(SELECTED_IN_PAIRS, input, pieces, hooks).flat()) {
    elasticNet.add(selected.elasticNet);
    binnedF.add(selected.binnedF);
  }
  return { elasticNet: elasticNet.result(), binnedF: binnedF.result() };
}

function selectedInPairs(
  input: StabilityInput,
  pairs: readonly PairMembership[],
  hooks: ProgressHooks,
): Selected[] {
  const scope = new ArenaScope(new Arena(input.context.matrix.memory));
  try {
    const select = pairSelector(input, scope);
    return pairs.flatMap((membership, pair) => {
      const selected = select(membership);
      reportProgress(hooks, (pair + 1) / pairs.length);
      return selected;
    });
  } finally {
    scope.release();
  }
}

/** Selects in a subsample and its complement, with scratch that serves pair after pair. */
function pairSelector(
  { context, target, q, usable, inflation }: StabilityInput,
  scope: ArenaScope,
): (membership: PairMembership) => Selected[] {
  const columns = context.columns.length;
  const kernel = loadKernel<TargetBinsKernel>('target-bins', context.matrix.memory);
  const out = scope.allocate(2 * LANES * columns * 8, 'statistics of subsamples');
  const inside = scope.allocate(context.blocks.length, 'blocks of a subsample');
  const room = new EntryRoom(context, q, scope);
  const { arena } = scope;
  const weight = inflation.linear.map((times, j) => usable[j]! / Math.sqrt(times));
  return (membership) => {
    arena.u8(inside, membership.length).set(membership);
    kernel.subsampleStatistics(
      target.sums,
      target.counts,
      columns,
      context.blocks.length,
      context.matrix.bins,
      inside,
      context.tables,
      out,
    );
    return [1, 0].map((side) => {
      const lanes = arena.f64(out + (1 - side) * LANES * columns * 8, LANES * columns);
      const blocks = [...membership.keys()].filter((block) => membership[block] === side);
      const moments = addMoments(blocks.map((block) => target.moments[block]!));
      return {
        elasticNet: room.enter(subsampleTarget(blocks, lanes, columns, moments), weight).order,
        binnedF: Int32Array.from(topByF({ lanes, moments, usable, inflation: inflation.binned, q })),
      };
    });
  };
}

function addMoments(parts: readonly BlockMoments[]): BlockMoments {
  const all = { rows: 0, sum: 0, square: 0 };
  for (const { rows, sum, square } of parts) {
    all.rows += rows;
    all.sum += sum;
    all.square += square;
  }
  return all;
}

function subsampleTarget(
  blocks: number[],
  lanes: Float64Array,
  columns: number,
  moments: BlockMoments,
): SubsampleTarget {
  return {
    blocks,
    innerProduct: lanes.subarray(2 * columns, 3 * columns).map((value) => value / TABLE_SCALE),
    total: lanes.subarray(3 * columns, 4 * columns).map((value) => value / TABLE_SCALE),
    ...moments,
  };
}

interface TopInput {
  lanes: Float64Array;
  moments: BlockMoments;
  usable: Uint8Array;
  inflation: Float64Array;
  q: number;
}

/** The q columns with the highest F score, best first; ties go to the lower Gram position. */
function topByF({ lanes, moments, usable, inflation, q }: TopInput): number[] {
  const columns = usable.length;
  const score = new Float64Array(columns).fill(Number.NEGATIVE_INFINITY);
  for (let j = 0; j < columns; j++) {
    if (usable[j] === 0) continue;
    score[j] = oneWayScore({
      binSquares: lanes[j]!,
      bins: lanes[columns + j]!,
      inflation: inflation[j]!,
      ...moments,
    });
  }
  const least = Float64Array.from(score).sort()[Math.max(0, columns - q)]!;
  const best: number[] = [];
  for (let j = 0; j < columns; j++) {
    if (score[j]! >= least && score[j]! > Number.NEGATIVE_INFINITY) best.push(j);
  }
  return best.sort((a, b) => score[b]! - score[a]! || a - b).slice(0, q);
}

/** Counts selections over fits. */
class Tally {
  readonly #frequency: Float64Array;
  readonly #strength: Float64Array;

  constructor(
    columns: number,
    readonly q: number,
    readonly fits: number,
  ) {
    this.#frequency = new Float64Array(columns);
    this.#strength = new Float64Array(columns);
  }

  add(selected: ArrayLike<number>): void {
    for (let place = 0; place < selected.length; place++) {
      this.#frequency[selected[place]!]!++;
      this.#strength[selected[place]!]! += (this.q - place) / this.q;
    }
  }

  result(): MethodFrequencies {
    return {
      frequency: this.#frequency.map((count) => count / this.fits),
      strength: this.#strength.map((sum) => sum / this.fits),
    };
  }
}
