import { LearnInputError } from '../errors/learn-input-error.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { seededRandom, subseed } from '../numeric/seeded-random.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';
import { drawComplementaryPairs } from './complementary-pairs.js';
import { affordableDesign, allBounds, type BoundKind, thresholdStep } from './error-bounds.js';
import { estimateInflation } from './inflation.js';
import type { TargetBinsRoom } from './place-target.js';
import { shadowTarget } from './shadow-target.js';
import { rankingDepth } from './stability-bytes.js';
import type { StabilityContext } from './stability-context.js';
import { evidenceOnAllRows, type Subsamples, stabilityFrequencies } from './stability-frequencies.js';
import { DEFAULT_STABILITY_METHODS, STABILITY_METHODS, type StabilityMethod } from './stability-methods.js';
import { RowLabelRoom } from './stumps.js';
import type { StabilityInput } from './subsample-fits.js';
import { allocateTargetBins, sumTarget } from './target-bins.js';

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
  /** Frequency that makes a feature stable, by any method; raised where candidates are too few for it. */
  threshold: number;
  /** E[V], the expected number of false selections, that the bound may reach over all methods together. */
  maxFalse: number;
  /** Each once. Default: elastic net and curvature. */
  methods?: readonly StabilityMethod[];
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
  /** The highest of the methods' selection frequencies. */
  frequency: Float64Array;
  /** Selection frequency by method, in the order of the methods. */
  byMethod: ReadonlyMap<StabilityMethod, Float64Array>;
  /** All candidates, best first, as positions: the stable ones, then the others, each by evidence on all rows. */
  order: number[];
  /** All methods together. */
  expectedFalseSelections: { mb: number; unimodal: number; rConcave: number };
  bound: BoundKind;
  /** Median and largest factor by which dependence in time widens chance results, by method. */
  inflation: ReadonlyMap<StabilityMethod, { median: number; largest: number }>;
  /** Mean number of columns selected for a shadow target; NaN when no shadow was asked for. */
  shadowSelections: number;
  /** Most columns each fit of each method selects. */
  q: number;
  threshold: number;
  /** Candidates that were not excluded. */
  tested: number;
  pairs: number;
  blocks: number;
  /** Rows inside the blocks. */
  rowsUsed: number;
}

/**
 * Complementary-pairs stability selection (Shah & Samworth 2013) over contiguous blocks of time, by several
 * methods. A feature is selected when one of them reaches the threshold; each gets an equal part of the error
 * budget, so that the sum of the bounds keeps it.
 *
 * The result depends on the context, the rows, the target and the seed only.
 *
 * @throws LearnInputError when rows or target do not fit the context, no q keeps the budget, or methods are none or
 *   twice the same; CancelledError
 */
export function stabilitySelection(
  context: StabilityContext,
  input: StabilitySelectionInput,
  hooks: ProgressHooks = {},
): StabilitySelectionOutcome {
  const { maxFalse, bound = 'unimodal', shadows = 1, pool = callingThread } = input;
  const { rows, target, methods = DEFAULT_STABILITY_METHODS } = input;
  checkMethods(methods);
  const scope = new ArenaScope(new Arena(context.matrix.memory));
  try {
    const room = allocateTargetBins(context, scope);
    const threads = { pool, isCancelled: () => hooks.isCancelled?.() ?? false };
    const bins = sumTarget(context, room, rows, target, threads);
    const isUsable = (j: number) => !input.excluded?.has(context.columns[j]!);
    const usable = Uint8Array.from(context.columns, (_, j) => (isUsable(j) ? 1 : 0));
    const tested = usable.reduce((sum, one) => sum + one, 0);
    if (tested === 0) throw new LearnInputError('every candidate is excluded: nothing is left to select');
    const { q, threshold } = requireDesign(
      { p: tested, threshold: input.threshold, pairs: context.pairs },
      maxFalse / methods.length,
      bound,
    );
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
    const needsLabels = methods.some((name) => STABILITY_METHODS[name].needsLabels);
    const labels = needsLabels ? new RowLabelRoom(context, room, scope) : undefined;
    const design = { context, methods, q, usable, inflation };
    const real = { ...design, target: bins, labels: labels?.hold(rows, target) };
    const evidence = evidenceOnAllRows(real, rankingDepth(q, context.columns.length), step(0));
    const frequencies = stabilityFrequencies(real, subsamples, step(0));
    const selections = selectShadows({
      design,
      subsamples,
      room,
      labels,
      input: { ...input, threshold },
      shadows,
      threads,
      step,
    });
    const one = allBounds({ p: tested, q, threshold, pairs: context.pairs });
    return {
      ...byCandidate({ context, methods, frequencies, evidence, threshold }),
      inflation: new Map(
        methods.map((name) => [name, summary(STABILITY_METHODS[name].inflation(inflation))]),
      ),
      expectedFalseSelections: {
        mb: methods.length * one.mb,
        unimodal: methods.length * one.unimodal,
        rConcave: methods.length * one.rConcave,
      },
      bound,
      shadowSelections: selections,
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

/** @throws LearnInputError when so few candidates cannot be selected from within the level */
function requireDesign(wanted: Parameters<typeof affordableDesign>[0], level: number, bound: BoundKind) {
  const design = affordableDesign(wanted, level, bound);
  if (design) return design;
  throw new LearnInputError(
    `no threshold keeps E[V] <= ${level} with ${wanted.p} candidates: raise the level or use fewer methods`,
  );
}

function checkMethods(methods: readonly StabilityMethod[]): void {
  if (methods.length === 0) throw new LearnInputError('stability selection needs at least one method');
  if (new Set(methods).size < methods.length) {
    throw new LearnInputError(`stability selection was given a method twice: ${methods.join(', ')}`);
  }
}

interface ShadowRun {
  design: Omit<StabilityInput, 'target' | 'labels'>;
  subsamples: Subsamples;
  room: TargetBinsRoom;
  labels: RowLabelRoom | undefined;
  input: StabilitySelectionInput;
  shadows: number;
  threads: Parameters<typeof sumTarget>[4];
  step(done: number): ProgressHooks;
}

/** Mean number of selections for targets that nothing predicts. */
function selectShadows(run: ShadowRun): number {
  const { design, subsamples, room, labels, input, shadows, threads, step } = run;
  const { context } = design;
  const { rows, target, bar, threshold } = input;
  let selections = 0;
  for (let shadow = 0; shadow < shadows; shadow++) {
    const random = seededRandom(subseed(input.seed, SHADOW_STREAM, shadow));
    const permuted = shadowTarget({ rows, target, bar, dependenceBars: context.purgeBars }, random);
    const bins = sumTarget(context, room, rows, permuted, threads);
    const shadowed = { ...design, target: bins, labels: labels?.hold(rows, permuted) };
    const found = stabilityFrequencies(shadowed, subsamples, step(1 + shadow));
    selections += stable(found, threshold, context.pairs).length;
  }
  return shadows === 0 ? Number.NaN : selections / shadows;
}

function summary(factors: Float64Array): { median: number; largest: number } {
  const sorted = factors.toSorted();
  return { median: sorted[sorted.length >> 1]!, largest: sorted[sorted.length - 1]! };
}

/** The highest frequency of each column over methods. */
function highest(frequencies: readonly Float64Array[]): Float64Array {
  return frequencies[0]!.map((_, j) => Math.max(...frequencies.map((frequency) => frequency[j]!)));
}

/** Gram positions whose frequency reaches the threshold by one of the methods. */
function stable(frequencies: readonly Float64Array[], threshold: number, pairs: number): number[] {
  const least = thresholdStep(threshold, pairs) - 0.5;
  const best = highest(frequencies);
  return [...best.keys()].filter((j) => best[j]! * 2 * pairs > least);
}

interface Found {
  context: StabilityContext;
  methods: readonly StabilityMethod[];
  /** By method, in Gram order. */
  frequencies: readonly Float64Array[];
  evidence: readonly Float64Array[];
  threshold: number;
}

function byCandidate({ context, methods, frequencies, evidence, threshold }: Found) {
  const { columns, position, pairs } = context;
  const inCandidates = (values: Float64Array) => {
    const placed = new Float64Array(values.length);
    position.forEach((candidate, j) => {
      placed[candidate] = values[j]!;
    });
    return placed;
  };
  const chosen = new Set(stable(frequencies, threshold, pairs));
  const ranked = combinedOrder(evidence);
  const selected = ranked.filter((j) => chosen.has(j));
  return {
    selected: selected.map((j) => columns[j]!),
    frequency: inCandidates(highest(frequencies)),
    byMethod: new Map(methods.map((method, k) => [method, inCandidates(frequencies[k]!)])),
    order: [...selected, ...ranked.filter((j) => !chosen.has(j))].map((j) => position[j]!),
  };
}

/**
 * Columns in order of the best of their ranks by the scores of several methods, ties by the next best rank, and
 * so on, then by position. Measured to find more planted features than one method alone or sums of ranks.
 *
 * @param scores by method and column; more is better
 */
export function combinedOrder(scores: readonly Float64Array[]): number[] {
  const ranks = scores.map(rankOf);
  const own = [...scores[0]!.keys()].map((j) => ranks.map((rank) => rank[j]!).sort((a, b) => a - b));
  return [...own.keys()].sort((a, b) => {
    const place = own[a]!.findIndex((rank, k) => rank !== own[b]![k]);
    return place < 0 ? a - b : own[a]![place]! - own[b]![place]!;
  });
}

/** Rank of every column, 1 is best; equal ones share the lowest rank. */
function rankOf(score: Float64Array): Float64Array {
  const order = [...score.keys()].sort((a, b) => score[b]! - score[a]! || a - b);
  const rank = new Float64Array(score.length);
  order.forEach((column, place) => {
    const previous = order[place - 1];
    rank[column] = previous !== undefined && score[previous] === score[column] ? rank[previous]! : place + 1;
  });
  return rank;
}
