import type { StatementLimits } from '../../sql/statement-limits.js';

/** On-demand price in US dollars per TiB of billed bytes. */
export const BIGQUERY_PRICE_PER_TIB_USD = 6.25;

/** Every table that a statement refers to is billed for at least this many bytes. */
export const MIN_TABLE_BYTES = 10n * 1024n * 1024n;

/** What one statement may be (docs: quotas and limits, 2026). */
export const BIGQUERY_LIMITS: StatementLimits = {
  columns: 10_000,
  tables: 1000,
  sqlLength: 1024 * 1024,
  resolvedLength: 12 * 1024 * 1024,
  // The limit without a destination table is of compressed bytes: this keeps well within.
  resultBytes: 10_000_000_000,
};
