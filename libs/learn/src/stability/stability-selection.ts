import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import type { ProgressHooks } from '../progress-hooks.js';
import { seededRandom, subseed } from '../seeded-random.js';
import { type Leak, leakReason } from '../selection/leakage.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';
import { combinedOrder } from './combine-methods.js';
import { drawComplementaryPairs } from './complementary-pairs.js';
import { allBounds, type BoundKind, largestQ, thresholdStep } from './error-bounds.js';
import { estimateInflation, type Inflation } from './inflation.js';
import { shadowTarget } from './shadow-target.js';
import type { StabilityContext } from './stability-context.js';
import {
  type StabilityFrequencies,
  type StabilityInput,
  type Subsamples,
  stabilityFrequencies,
} from './stability-frequencies.js';
import { allocateTargetBins, sumTarget, type TargetBins, type TargetBinsRoom } from './target-bins.js';

const PAIR_STREAM = 1;
const SHADOW_STREAM = 2;
const INFLATION_STREAM = 3;

export interface StabilitySelectionInput {
  /** Rows selection may use, in time order, all with a finite target; those outside the blocks are left out. */
  rows: Uint32Array;
  /** By row number. */
  target: Float64Array;
  /** Ordinal of each row's bar. */
  bar: Int32Array;
  seed: bigint;
  /** Frequency that makes a feature stable, by either method. */
  threshold: number;
  /** E[V], the expected number of false selections, that the bound may reach over both methods together. */
  maxFalse: number;
  /** The bound that q is derived from. Default `unimodal`. */
  bound?: BoundKind;
  /** Selections repeated on a shadow target. Default 1. */
  shadows?: number;
  /** Columns of the matrix that are known to be leaks: they take part in nothing. */
  excluded?: ReadonlySet<number>;
  /** Threads to select on. Default: the calling one. */
  pool?: WorkPool;
}

/** Arrays are by position in the context's candidates. */
export interface StabilitySelectionOutcome {
  /** Selected columns of the matrix, best first. */
  selected: number[];
  /** The higher of the two methods' selection frequencies. */
  frequency: Float64Array;
  elasticNetFrequency: Float64Array;
  binnedFFrequency: Float64Array;
  /** All candidates, best first, as positions. */
  order: number[];
  /** Both methods together. */
  expectedFalseSelections: { mb: number; unimodal: number; rConcave: number };
  bound: BoundKind;
  /** Median and largest factor by which dependence in time widens chance results, by method. */
  inflation: Record<'elasticNet' | 'binnedF', { median: number; largest: number }>;
  /** Mean number of columns selected for a shadow target; NaN when no shadow was asked for. */
  shadowSelections: number;
  leakage: { column: number; reason: string }[];
  /** Most columns each fit of each method selects. */
  q: number;
  threshold: number;
  /** Candidates that were neither leaks nor excluded. */
  tested: number;
  pairs: number;
  blocks: number;
  /** Rows inside the blocks. */
  rowsUsed: number;
}

/**
 * Complementary-pairs stability selection (Shah & Samworth 2013) over contiguous blocks of time, by an
 * elastic net and by one-way F over bins. A feature is selected when either method reaches the threshold;
 * each method gets half of the error budget, so that the sum of the two bounds keeps it.
 *
 * The result depends on the context, the rows, the target and the seed only.
 *
 * @throws RangeError when rows or target do not fit the context, or no q keeps the budget; CancelledError
 */
export function stabilitySelection(
  context: StabilityContext,
  input: StabilitySelectionInput,
  hooks: ProgressHooks = {},
): StabilitySelectionOutcome {
  const { threshold, maxFalse, bound = 'unimodal', shadows = 1, pool = callingThread } = input;
  const { rows, target } = input;
  const scope = new ArenaScope(new Arena(context.matrix.memory));
  try {
    const room = allocateTargetBins(context, scope);
    const threads = { pool, isCancelled: () => hooks.isCancelled?.() ?? false };
    const bins = sumTarget(context, room, rows, target, threads);
    const leaks = findLeaks(context, bins);
    const isUsable = (j: number) => !leaks.has(j) && !input.excluded?.has(context.columns[j]!);
    const usable = Uint8Array.from(context.columns, (_, j) => (isUsable(j) ? 1 : 0));
    const tested = usable.reduce((sum, one) => sum + one, 0);
    if (tested === 0)
      throw new RangeError('every candidate is suspected of leakage: nothing is left to select');
    const q = largestQ({ p: tested, threshold, pairs: context.pairs }, maxFalse / 2, bound);
    const random = seededRandom(subseed(input.seed, PAIR_STREAM));
    const subsamples = {
      pairs: drawComplementaryPairs(context.blocks.length, context.pairs, random),
      pool,
    };
    const inflation = estimateInflation(
      { context, room, bins, rows, target, bar: input.bar },
      seededRandom(subseed(input.seed, INFLATION_STREAM)),
      threads,
    );
    const fits = 1 + shadows;
    const step = (done: number): ProgressHooks => ({
      ...hooks,
      onProgress: (fraction) => hooks.onProgress?.((done + fraction) / fits),
    });
    const design = { context, q, usable, inflation };
    const found = stabilityFrequencies({ ...design, target: bins }, subsamples, step(0));
    const selections = selectShadows({ design, subsamples, room, input, shadows, threads, step });
    const both = allBounds({ p: tested, q, threshold, pairs: context.pairs });
    return {
      ...byCandidate(context, found, threshold),
      inflation: summary(inflation),
      expectedFalseSelections: {
        mb: 2 * both.mb,
        unimodal: 2 * both.unimodal,
        rConcave: 2 * both.rConcave,
      },
      bound,
      shadowSelections: selections,
      leakage: [...leaks.values()].map(({ candidate, reason }) => ({
        column: context.candidates[candidate]!,
        reason,
      })),
      q,
      threshold,
      tested,
      pairs: context.pairs,
      blocks: context.blocks.length,
      rowsUsed: bins.moments.reduce((sum, moments) => sum + moments.rows, 0),
    };
  } finally {
    scope.release();
  }
}

/** Leaks by Gram position. */
function findLeaks(context: StabilityContext, bins: TargetBins): Map<number, Leak> {
  const leaks = new Map<number, Leak>();
  for (let j = 0; j < context.columns.length; j++) {
    const reason = leakReason(bins.explained[j]!, bins.explainedSign[j]!);
    if (reason !== undefined) leaks.set(j, { candidate: context.position[j]!, reason });
  }
  return leaks;
}

interface ShadowRun {
  design: Omit<StabilityInput, 'target'>;
  subsamples: Subsamples;
  room: TargetBinsRoom;
  input: StabilitySelectionInput;
  shadows: number;
  threads: Parameters<typeof sumTarget>[4];
  step(done: number): ProgressHooks;
}

/** Mean number of selections for targets that nothing predicts. */
function selectShadows({ design, subsamples, room, input, shadows, threads, step }: ShadowRun): number {
  const { context } = design;
  const { rows, target, bar, threshold } = input;
  let selections = 0;
  for (let shadow = 0; shadow < shadows; shadow++) {
    const random = seededRandom(subseed(input.seed, SHADOW_STREAM, shadow));
    const permuted = shadowTarget({ rows, target, bar, dependenceBars: context.purgeBars }, random);
    const bins = sumTarget(context, room, rows, permuted, threads);
    const found = stabilityFrequencies({ ...design, target: bins }, subsamples, step(1 + shadow));
    selections += stable(found, threshold, context.pairs).length;
  }
  return shadows === 0 ? Number.NaN : selections / shadows;
}

function summary({ linear, binned }: Inflation): StabilitySelectionOutcome['inflation'] {
  const of = (factors: Float64Array) => {
    const sorted = factors.toSorted();
    return { median: sorted[sorted.length >> 1]!, largest: sorted[sorted.length - 1]! };
  };
  return { elasticNet: of(linear), binnedF: of(binned) };
}

/** Gram positions whose frequency reaches the threshold by either method. */
function stable({ elasticNet, binnedF }: StabilityFrequencies, threshold: number, pairs: number): number[] {
  const least = thresholdStep(threshold, pairs) - 0.5;
  return [...elasticNet.frequency.keys()].filter(
    (j) => Math.max(elasticNet.frequency[j]!, binnedF.frequency[j]!) * 2 * pairs > least,
  );
}

function byCandidate(context: StabilityContext, found: StabilityFrequencies, threshold: number) {
  const count = context.columns.length;
  const elasticNetFrequency = new Float64Array(count);
  const binnedFFrequency = new Float64Array(count);
  context.position.forEach((position, j) => {
    elasticNetFrequency[position] = found.elasticNet.frequency[j]!;
    binnedFFrequency[position] = found.binnedF.frequency[j]!;
  });
  const order = combinedOrder(found);
  const chosen = new Set(stable(found, threshold, context.pairs));
  return {
    selected: order.filter((j) => chosen.has(j)).map((j) => context.columns[j]!),
    frequency: elasticNetFrequency.map((value, j) => Math.max(value, binnedFFrequency[j]!)),
    elasticNetFrequency,
    binnedFFrequency,
    order: order.map((j) => context.position[j]!),
  };
}
