/** Group of a table, as the universe of a run names it; `targets` holds no features. */
export type TableGroup = 'pair' | 'tri' | 'mkt' | 'var' | 'csi' | 'targets';

/** A table that a step publishes. */
export interface PlannedTable {
  readonly name: string;
  readonly group: TableGroup;
  /** Columns without the key. */
  readonly columns: number;
  /** The SQL that creates it. */
  readonly sql: string;
}

/** Statements for temporary tables, then the tables made from them; run in order, one step at a time. */
export interface BuildStep {
  readonly stage: string;
  readonly prepare: readonly string[];
  readonly tables: readonly PlannedTable[];
}
