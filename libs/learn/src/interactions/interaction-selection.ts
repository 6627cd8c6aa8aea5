import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { type ProgressHooks, reportProgress } from '../progress-hooks.js';
import { seededRandom, subseed } from '../seeded-random.js';
import { drawComplementaryPairs, type PairMembership } from '../stability/complementary-pairs.js';
import { allBounds, keepsLevel, largestQ, thresholdStep } from '../stability/error-bounds.js';
import { shadowTarget } from '../stability/shadow-target.js';
import type { RowBlock } from '../stability/time-blocks.js';
import type { PieceKind } from '../threads/piece-kind.js';
import type { WorkPool } from '../threads/work-pool.js';
import { blockAgreement, blockPairs } from './block-agreement.js';
import { levelOfBin } from './value-levels.js';

const PAIR_STREAM = 1;
const SHADOW_STREAM = 2;

export interface InteractionInput {
  readonly matrix: BinnedMatrix;
  /** Matrix columns whose pairs are tested. */
  readonly columns: readonly number[];
  /** Purged from each other. */
  readonly blocks: readonly RowBlock[];
  /** Rows with a target, in time order; those outside the blocks are left out. */
  readonly rows: Uint32Array;
  /** By row number. */
  readonly target: Float64Array;
  readonly bar: Int32Array;
  /** Bars over which the target depends on itself: target window + horizon. */
  readonly dependenceBars: number;
  /** Complementary pairs of subsamples. */
  readonly pairs: number;
  readonly threshold: number;
  /** E[V], expected number of false interactions, that the bound may reach. */
  readonly maxFalse: number;
  readonly seed: bigint;
  readonly pool: WorkPool;
}

export interface Interaction {
  /** Matrix columns, ascending. */
  readonly columns: readonly [number, number];
  /** Share of the subsamples that selected it. */
  readonly frequency: number;
  /** Share of the target's variance that the surface explains beyond both features, across blocks. */
  readonly explained: number;
}

export interface InteractionOutcome {
  /** Features whose pairs were tested. */
  readonly features: number;
  /** Most frequent first. */
  readonly retained: readonly Interaction[];
  /** Pairs of features. */
  readonly tested: number;
  /** Most pairs a subsample selects; 0 when the bound allows none, and then nothing is retained. */
  readonly q: number;
  readonly bounds: { readonly mb: number; readonly unimodal: number; readonly rConcave: number };
  /** Retained for a target that nothing predicts. */
  readonly shadowSelections: number;
}

/**
 * Selects pairs of features that together say more of a target than one by one, by complementary-pairs
 * stability selection (Shah & Samworth 2013) over blocks of time. In each subsample the q pairs whose blocks
 * agree best on the surface beyond the additive one are selected: the sum of the agreements of its blocks
 * over the root of their squares, which is about standard normal where there is no interaction.
 *
 * @throws RangeError for fewer than 8 rows with a target; CancelledError
 */
export function selectInteractions(input: InteractionInput, hooks: ProgressHooks): InteractionOutcome {
  const { columns, blocks, pairs, threshold, maxFalse, seed } = input;
  const tested = (columns.length * (columns.length - 1)) / 2;
  const design = { p: tested, threshold, pairs };
  if (tested < 1 || !keepsLevel({ ...design, q: 1 }, maxFalse)) {
    const bounds = { mb: 0, unimodal: 0, rConcave: 0 };
    return { features: columns.length, retained: [], tested, q: 0, bounds, shadowSelections: 0 };
  }
  const q = largestQ(design, maxFalse);
  const real = centredTarget(input);
  const shadow = centredTarget({ ...input, target: shadowOf(input) });
  const pieces = columns.slice(0, -1).map((_, first) => first);
  const shared = { columns: columns.length, levels: rowLevels(input), blocks, targets: [real, shadow] };
  const found = input.pool.compute(AGREEMENTS_OF_COLUMN, shared, pieces, hooks).flat();
  const subsamples = drawComplementaryPairs(
    blocks.length,
    pairs,
    seededRandom(subseed(seed, PAIR_STREAM)),
  ).flatMap(blocksOfBoth);
  const [frequency, ofShadow] = [0, 1].map((t) =>
    selectionFrequency(
      found.map((agreements) => agreements[t]!),
      subsamples,
      q,
    ),
  );
  const least = (thresholdStep(threshold, pairs) - 0.5) / (2 * pairs);
  const square = sumOfSquares(real, blocks);
  return {
    features: columns.length,
    retained: pairsOf(columns)
      .map((pair, k) => ({
        columns: pair,
        frequency: frequency![k]!,
        explained: explainedShare(found[k]![0]!, blocks.length, square),
      }))
      .filter((pair) => pair.frequency > least)
      .sort((a, b) => b.frequency - a.frequency || b.explained - a.explained),
    tested,
    q,
    bounds: allBounds({ ...design, q }),
    shadowSelections: ofShadow!.filter((value) => value > least).length,
  };
}

interface AgreementTask {
  readonly columns: number;
  /** Level of every row, column after column, in memory that threads share. */
  readonly levels: Uint8Array;
  readonly blocks: readonly RowBlock[];
  readonly targets: readonly Float64Array[];
}

/** Agreements of one column, by position, with each later one: an array a target. */
export const AGREEMENTS_OF_COLUMN: PieceKind<AgreementTask, number, Float64Array[][]> = {
  name: 'agreements-of-column',
  compute: ({ columns, levels, blocks, targets }, position, hooks) => {
    const rows = levels.length / columns;
    const levelsOf = (column: number) => levels.subarray(column * rows, (column + 1) * rows);
    const first = levelsOf(position);
    const found: Float64Array[][] = [];
    for (let other = position + 1; other < columns; other++) {
      found.push(blockAgreement({ first, second: levelsOf(other), blocks, targets }));
      reportProgress(hooks, (other - position) / (columns - 1 - position));
    }
    return found;
  },
};

/** The level of every row up to the end of the blocks; levels are cut on the rows of the blocks. */
function rowLevels({ matrix, columns, blocks }: InteractionInput): Uint8Array {
  const rows = blocks.at(-1)!.end;
  const levels = new Uint8Array(new SharedArrayBuffer(columns.length * rows));
  const bins = new Uint8Array(matrix.rows);
  columns.forEach((column, position) => {
    matrix.readColumn(column, bins);
    const counts = new Float64Array(matrix.bins);
    for (const { begin, end } of blocks) {
      for (let row = begin; row < end; row++) counts[bins[row]!]! += 1;
    }
    const level = levelOfBin(counts);
    for (let row = 0; row < rows; row++) levels[position * rows + row] = level[bins[row]!]!;
  });
  return levels;
}

function shadowOf({ rows, target, bar, dependenceBars, seed }: InteractionInput): Float64Array {
  return shadowTarget({ rows, target, bar, dependenceBars }, seededRandom(subseed(seed, SHADOW_STREAM)));
}

/** The target less its mean, NaN outside the rows. */
function centredTarget({ rows, target }: Pick<InteractionInput, 'rows' | 'target'>): Float64Array {
  const mean = rows.reduce((sum, row) => sum + target[row]!, 0) / rows.length;
  const centred = new Float64Array(new SharedArrayBuffer(8 * target.length)).fill(Number.NaN);
  for (const row of rows) centred[row] = target[row]! - mean;
  return centred;
}

/** The order in which pieces return pairs. */
function pairsOf(columns: readonly number[]): (readonly [number, number])[] {
  return columns.flatMap((a, k) =>
    columns.slice(k + 1).map((b): readonly [number, number] => (a < b ? [a, b] : [b, a])),
  );
}

function blocksOfBoth(membership: PairMembership): number[][] {
  return [1, 0].map((side) => [...membership.keys()].filter((block) => membership[block] === side));
}

/** How often each pair is among the q best of a subsample. */
function selectionFrequency(
  agreements: readonly Float64Array[],
  subsamples: readonly number[][],
  q: number,
): Float64Array {
  const frequency = new Float64Array(agreements.length);
  for (const blocks of subsamples) {
    const inside = blocks.flatMap((b) => blocks.filter((c) => c > b).map((c) => blockPairs(c) + b));
    const score = Float64Array.from(agreements, (own) => standardised(own, inside));
    const best = [...score.keys()].sort((i, j) => score[j]! - score[i]! || i - j).slice(0, q);
    for (const pair of best) {
      if (score[pair]! > 0) frequency[pair]! += 1 / subsamples.length;
    }
  }
  return frequency;
}

function standardised(agreements: Float64Array, inside: readonly number[]): number {
  let sum = 0;
  let square = 0;
  for (const at of inside) {
    sum += agreements[at]!;
    square += agreements[at]! ** 2;
  }
  return square > 0 ? sum / Math.sqrt(square) : 0;
}

function sumOfSquares(target: Float64Array, blocks: readonly RowBlock[]): number {
  let sum = 0;
  for (const { begin, end } of blocks) {
    for (let row = begin; row < end; row++) if (!Number.isNaN(target[row])) sum += target[row]! ** 2;
  }
  return sum;
}

/** Both orders of all pairs of blocks, scaled up for the products of blocks with themselves left out. */
function explainedShare(agreements: Float64Array, blocks: number, square: number): number {
  const sum = agreements.reduce((total, value) => total + value, 0);
  return (2 * sum * blocks) / (blocks - 1) / square;
}
