import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { seededRandom, subseed } from '../numeric/seeded-random.js';
import { type ProgressHooks, partOf } from '../progress/progress-hooks.js';
import { drawComplementaryPairs } from '../stability/complementary-pairs.js';
import { allBounds, type BoundKind, keepsLevel, largestQ } from '../stability/error-bounds.js';
import { shadowTarget } from '../stability/shadow-target.js';
import type { RowBlock } from '../stability/time-blocks.js';
import type { WorkPool } from '../threads/work-pool.js';
import { dependenceLags } from './dependence.js';
import { pairCount } from './interaction-bytes.js';
import { withoutMainEffects } from './main-effects.js';
import type { Product } from './product-columns.js';
import { createProductSpace, type ProductSpace } from './product-space.js';
import { type StableInteraction, stableInteractions } from './stable-interactions.js';

const PAIR_STREAM = 1;
const SHADOW_STREAM = 2;

export interface InteractionInput {
  readonly matrix: BinnedMatrix;
  /** Matrix columns whose pairs are tested. */
  readonly columns: readonly number[];
  /** Those of them that are tested by their size, too: how far a value is from the median. Default none. */
  readonly sizes?: readonly number[];
  /** Features known to have an effect of their own, most important first: it is taken out of the target. */
  readonly mainEffects: readonly number[];
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
  /** The bound that q is derived from. Default `unimodal`. */
  readonly bound?: BoundKind;
  /** Selections repeated on a shadow target. Default 1. */
  readonly shadows?: 0 | 1;
  readonly seed: bigint;
  readonly pool: WorkPool;
}

export interface Interaction extends Product {
  /** 1: the target is higher when both are on the same side of their medians; -1: when on different sides. */
  readonly direction: 1 | -1;
  /** Share of the subsamples that selected it. */
  readonly frequency: number;
  /** Share of the target's variance that the product explains beyond both features, across blocks. */
  readonly explained: number;
}

export interface InteractionOutcome {
  /** Features whose pairs were tested. */
  readonly features: number;
  /** In the order in which they were taken, strongest first. */
  readonly retained: readonly Interaction[];
  /** Pairs of features, by value and size; each may interact in two directions, so that the bounds rest on twice as many. */
  readonly tested: number;
  /** Most signed products a subsample selects; 0 when the bound allows none, and then nothing is retained. */
  readonly q: number;
  readonly bounds: { readonly mb: number; readonly unimodal: number; readonly rConcave: number };
  /** Retained for a target that nothing predicts; null where none was asked for. */
  readonly shadowSelections: number | null;
}

/** Share of the work that goes into the target itself; for progress only. */
const REAL_PART = 0.5;

/**
 * Selects pairs of features whose product says something of a target that neither says alone, by complementary-pairs
 * stability selection (Shah & Samworth 2013) over blocks of time among all pairs at once. In each subsample the q
 * products with the largest sums against the target, in standard errors, are selected; those selected often enough are
 * then freed of all that both features say one by one, and of the interactions taken before, and must still be.
 *
 * @throws LearnInputError for fewer than 8 rows with a target; ArenaFullError; CancelledError
 */
export function selectInteractions(input: InteractionInput, hooks: ProgressHooks): InteractionOutcome {
  const { matrix, columns, blocks, pairs, threshold, maxFalse, seed, bar, dependenceBars } = input;
  const { bound = 'unimodal', shadows = 1, sizes = [] } = input;
  const tested = pairCount(columns.length + sizes.length) - sizes.length;
  const design = { p: 2 * tested, threshold, pairs };
  if (tested < 1 || !keepsLevel({ ...design, q: 1 }, maxFalse, bound)) {
    const bounds = { mb: 0, unimodal: 0, rConcave: 0 };
    return { features: columns.length, retained: [], tested, q: 0, bounds, shadowSelections: 0 };
  }
  const q = largestQ(design, maxFalse, bound);
  const memberships = drawComplementaryPairs(blocks.length, pairs, seededRandom(subseed(seed, PAIR_STREAM)));
  const scope = new ArenaScope(new Arena(matrix.memory));
  try {
    const lags = dependenceLags(bar, blocks.at(-1)!.end, dependenceBars);
    const space = createProductSpace({ matrix, columns, sizes, blocks, lags }, scope);
    const select = (residual: Float64Array, part: ProgressHooks): StableInteraction[] =>
      stableInteractions({ space, matrix, residual, memberships, q, threshold, pool: input.pool }, part);
    const residual = residualTarget(input);
    const found = select(residual, partOf(hooks, 0, shadows > 0 ? REAL_PART : 1));
    const shadowSelections =
      shadows > 0 ? select(shadowOf(residual, input), partOf(hooks, REAL_PART, 1)).length : null;
    return {
      features: columns.length,
      retained: found.map(({ pair, ...found }) => ({ ...productOf(space, pair), ...found })),
      tested,
      q,
      bounds: allBounds({ ...design, q }),
      shadowSelections,
    };
  } finally {
    scope.release();
  }
}

/** @param pair positions in the space */
function productOf({ columns, parts }: ProductSpace, pair: readonly [number, number]): Product {
  const [first, second] = [...pair].sort((a, b) => columns[a]! - columns[b]! || a - b);
  return {
    columns: [columns[first!]!, columns[second!]!],
    parts: [parts[first!]!, parts[second!]!],
  };
}

function residualTarget({ matrix, mainEffects, rows, target, blocks }: InteractionInput): Float64Array {
  const used = rows.filter((row) => blocks.some(({ begin, end }) => row >= begin && row < end));
  return withoutMainEffects({ matrix, columns: mainEffects, rows: used, target });
}

function shadowOf(
  residual: Float64Array,
  { bar, dependenceBars, seed }: Pick<InteractionInput, 'bar' | 'dependenceBars' | 'seed'>,
): Float64Array {
  const rows = Uint32Array.from(residual.keys()).filter((row) => !Number.isNaN(residual[row]));
  const random = seededRandom(subseed(seed, SHADOW_STREAM));
  return shadowTarget({ rows, target: residual, bar, dependenceBars }, random);
}
