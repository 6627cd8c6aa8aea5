import type { FetchQuery } from './fetch-query.js';

/** What is known of a dialect without a warehouse that speaks it. */
export interface DialectTraits {
  /** As datasets keep it. */
  readonly name: string;
  /** The hash of a key in epoch microseconds by which samples of a seed are ordered, as the dialect computes it in SQL. */
  keyHash(seed: bigint): (micros: bigint) => number;
  /** True for the types, as the warehouse names them, of columns that can be a table's key. */
  isKeyType(type: string): boolean;
}

/** Turns a fetch into one statement of a warehouse's SQL. Both statements produce the same dataset. */
export interface SqlDialect extends DialectTraits {
  /**
   * `UNION ALL` over the tables, no wide join. A row holds `row_index` (position of the key in the sample),
   * `key` (epoch microseconds), `part` (0: the sample itself, i: table i - 1 of the query), `numbers` and
   * `texts` (the values of the part's columns in order).
   */
  pack(query: FetchQuery): string;
  /**
   * LEFT JOIN of all tables to the sample, for few tables. A row holds `row_index`, `key` and, for every
   * part i, `numbers_i` and `texts_i`.
   */
  join(query: FetchQuery): string;
}

export type SqlStrategy = 'pack' | 'join';
