import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';
import { binCounts } from './bin-counts.js';
import { nearDuplicates } from './near-duplicates.js';

export interface PruneInput {
  matrix: BinnedMatrix;
  /** Name of every column of the matrix. */
  featureIds: readonly string[];
  /** Hash of every column's values: equal hashes mean equal columns. */
  contentHash: readonly string[];
  /** Only rows [0, developmentRows) are looked at. */
  developmentRows: number;
  /** Threads to compute on. Default: the calling one. */
  pool?: WorkPool;
}

export interface PruneLimits {
  /** Largest share of rows without a value. */
  missingShare: number;
  /** Largest share of the rows with a value that may hold one and the same. */
  oneValueShare: number;
  /** Largest |r| with a feature that is kept. */
  correlation: number;
}

export const DEFAULT_PRUNE_LIMITS: PruneLimits = {
  missingShare: 0.9,
  oneValueShare: 0.99,
  correlation: 0.95,
};

/** Why a column adds nothing: shares are of the development rows, or of those of them with a value. */
export type PruneReason =
  | { readonly code: 'no_value' | 'constant'; readonly facts: Record<string, never> }
  | {
      readonly code: 'missing_values' | 'nearly_constant';
      readonly facts: { readonly share: number; readonly limit: number };
    }
  | { readonly code: 'same_values'; readonly facts: { readonly feature: string } }
  | {
      readonly code: 'nearly_same_values';
      readonly facts: { readonly feature: string; readonly correlation: number; readonly limit: number };
    };

/** Columns of the matrix; every column is in exactly one of the two lists, both ascending. */
export interface PruneOutcome {
  kept: number[];
  pruned: { column: number; reason: PruneReason }[];
}

/**
 * Drops features that cannot add anything, whatever the horizon: without values, constant or nearly so,
 * mostly missing, equal to another, or nearly equal (|r| of bin representatives). Of equal or nearly equal
 * features the one with the fewest missing rows stays, then the first by feature id; reasons name it.
 *
 * @throws LearnInputError when lists do not fit the matrix or a limit is outside (0, 1]; CancelledError
 */
export function prune(
  input: PruneInput,
  limits: Partial<PruneLimits> = {},
  hooks: ProgressHooks = {},
): PruneOutcome {
  const { matrix, featureIds, developmentRows, pool = callingThread } = input;
  const used = { ...DEFAULT_PRUNE_LIMITS, ...limits };
  checkInput(input, used);
  const counts = binCounts(matrix, developmentRows, pool, hooks);
  const facts = Array.from({ length: matrix.columns }, (_, column) =>
    columnFacts(counts.subarray(column * matrix.bins, (column + 1) * matrix.bins), developmentRows),
  );
  const reasons = new Map<number, PruneReason>();
  facts.forEach((fact, column) => {
    const reason = ownReason(fact, used);
    if (reason !== undefined) reasons.set(column, reason);
  });
  const preferred = [...facts.keys()]
    .filter((column) => !reasons.has(column))
    .sort(
      (a, b) => facts[a]!.missing - facts[b]!.missing || compareText(featureIds[a]!, featureIds[b]!) || a - b,
    );
  const different = dropDuplicates(input, preferred, reasons);
  const near = { matrix, columns: different, rows: developmentRows, counts, limit: used.correlation, pool };
  for (const { column, representative, correlation } of nearDuplicates(near, hooks)) {
    const facts = { feature: featureIds[representative]!, correlation, limit: used.correlation };
    reasons.set(column, { code: 'nearly_same_values', facts });
  }
  return {
    kept: [...facts.keys()].filter((column) => !reasons.has(column)),
    pruned: [...reasons].map(([column, reason]) => ({ column, reason })).sort((a, b) => a.column - b.column),
  };
}

interface ColumnFacts {
  /** Shares of the development rows, and the largest bin's share of those with a value. */
  missing: number;
  largest: number;
  /** Bins with values. */
  bins: number;
}

function columnFacts(counts: Int32Array, rows: number): ColumnFacts {
  const present = rows - counts[0]!;
  const values = counts.subarray(1);
  return {
    missing: counts[0]! / rows,
    largest: present > 0 ? Math.max(...values) / present : 0,
    bins: values.reduce((filled, count) => filled + (count > 0 ? 1 : 0), 0),
  };
}

/** Why a feature is of no use whatever the others are. */
function ownReason({ missing, largest, bins }: ColumnFacts, limits: PruneLimits): PruneReason | undefined {
  if (bins === 0) return { code: 'no_value', facts: {} };
  if (bins === 1) return { code: 'constant', facts: {} };
  if (missing > limits.missingShare) {
    return { code: 'missing_values', facts: { share: missing, limit: limits.missingShare } };
  }
  if (largest > limits.oneValueShare) {
    return { code: 'nearly_constant', facts: { share: largest, limit: limits.oneValueShare } };
  }
  return undefined;
}

/** Keeps the first of all columns with equal content. */
function dropDuplicates(
  { contentHash, featureIds }: PruneInput,
  preferred: readonly number[],
  reasons: Map<number, PruneReason>,
): number[] {
  const first = new Map<string, number>();
  return preferred.filter((column) => {
    const same = first.get(contentHash[column]!);
    if (same === undefined) {
      first.set(contentHash[column]!, column);
      return true;
    }
    reasons.set(column, { code: 'same_values', facts: { feature: featureIds[same]! } });
    return false;
  });
}

/** By code units, the same on every machine. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function checkInput(input: PruneInput, limits: PruneLimits): void {
  const { matrix, featureIds, contentHash, developmentRows } = input;
  for (const [name, list] of Object.entries({ featureIds, contentHash })) {
    if (list.length !== matrix.columns) {
      throw new LearnInputError(`${name} has ${list.length} entries for ${matrix.columns} columns`);
    }
  }
  if (!(Number.isInteger(developmentRows) && developmentRows >= 1 && developmentRows <= matrix.rows)) {
    throw new LearnInputError(`developmentRows must be in 1..${matrix.rows}, got ${developmentRows}`);
  }
  for (const [name, limit] of Object.entries(limits)) {
    if (!(limit > 0 && limit <= 1)) throw new LearnInputError(`${name} must be in (0, 1], got ${limit}`);
  }
}
