/** What one statement may be; a universe beyond it is split into several. */
export interface StatementLimits {
  /** Values for a key: features, targets, known parts, bar, persistence, and the key itself. */
  readonly columns: number;
  readonly tables: number;
  /** Characters of SQL. */
  readonly sqlLength: number;
  /** Characters of SQL with the full name of its table before every column, a bound on BigQuery's resolved text. */
  readonly resolvedLength: number;
  /** Bytes of the result before compression. */
  readonly resultBytes: number;
}
