import type { FetchQuery } from './fetch-query.js';

/** Turns a fetch into one statement of a warehouse's SQL. Both statements produce the same dataset. */
export interface SqlDialect {
  readonly name: 'duckdb' | 'bigquery';
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
