import type { HorizonData } from '../data/horizon-data.js';
import type { InteractionOutcome } from '../interactions/interaction-selection.js';
import type { LeakReason } from '../leaks/leak-reasons.js';
import type { BoundKind } from '../stability/error-bounds.js';
import type { StabilityMethod } from '../stability/stability-methods.js';
import type { WorkPool } from '../threads/work-pool.js';

/** How features were selected, as the result document tells it (docs/results.md). */
export type SelectionFacts = StableFacts | BoostedFacts | NothingFacts;

interface CommonFacts {
  /** Share of fits that a feature had to be chosen in. */
  readonly threshold: number;
  /** Candidates that were no leaks. */
  readonly tested: number;
}

export interface StableFacts extends CommonFacts {
  readonly method: 'stability';
  readonly target: 'unknown' | 'value';
  readonly methods: readonly StabilityMethod[];
  readonly q: number;
  readonly pairs: number;
  readonly blocks: number;
  readonly rowsUsed: number;
  readonly stable: number;
  /** Features that each method by itself finds stable. */
  readonly stableBy: ByMethod<number>;
  /** The one that q was derived from. */
  readonly bound: BoundKind;
  readonly bounds: Readonly<Record<'mb' | 'unimodal' | 'rConcave', number>>;
  /** Null when no shadow target was asked for. */
  readonly shadowSelections: number | null;
  readonly inflation: ByMethod<{ readonly median: number; readonly largest: number }>;
}

type ByMethod<T> = { readonly [method in StabilityMethod]?: T };

export interface BoostedFacts extends CommonFacts {
  readonly method: 'boosted';
  readonly target: 'unknown' | 'value';
  readonly fits: number;
  readonly rowsUsed: number;
}

/** Too few candidates were left. */
export interface NothingFacts extends CommonFacts {
  readonly method: 'none';
}

/** Shares are of the fits or subsamples that chose the feature; `shares` are those by each method. */
export type RetainReason =
  | { readonly code: 'stable'; readonly facts: { readonly shares: Readonly<Record<string, number>> } }
  | { readonly code: 'gain' | 'interaction' | 'product'; readonly facts: { readonly share: number } };

/** `limit` is the most features that are retained. */
export type SelectReason =
  | { readonly code: 'unstable'; readonly facts: { readonly shares: Readonly<Record<string, number>> } }
  | {
      readonly code: 'stable_beyond_limit';
      readonly facts: { readonly shares: Readonly<Record<string, number>>; readonly limit: number };
    }
  | { readonly code: 'rare_gain'; readonly facts: { readonly share: number } }
  | {
      readonly code: 'gain_beyond_limit';
      readonly facts: { readonly share: number; readonly limit: number };
    }
  | { readonly code: 'too_few_candidates'; readonly facts: { readonly candidates: number } };

/** What selection found for one horizon. */
export interface SelectionResult {
  /** Retained matrix columns, ascending. */
  readonly selected: readonly number[];
  /** All candidates, most promising first, as matrix columns. */
  readonly order: readonly number[];
  /** Share of fits that chose the column, by matrix column; NaN for columns that were no candidates. */
  readonly frequency: Float64Array;
  /** Nominal bound; NaN when the method has none. */
  readonly expectedFalseSelections: number;
  /** Null when interactions are not asked for. */
  readonly interactions: InteractionOutcome | null;
  /** For the result document. */
  readonly facts: SelectionFacts;
  whySelected(column: number): RetainReason;
  notSelected(column: number): SelectReason;
}

export interface SelectionTask {
  readonly data: HorizonData;
  /** Rows selection may use. */
  readonly rows: Uint32Array;
  /** By row number: what features are to predict. */
  readonly target: Float64Array;
  /** Columns that know the future, with the evidence: not to be selected from. */
  readonly leaks: ReadonlyMap<number, LeakReason>;
  readonly seed: bigint;
  /** Shadow targets that the selection is repeated on, 0 or 1. */
  readonly shadows: 0 | 1;
  readonly pool: WorkPool;
}
