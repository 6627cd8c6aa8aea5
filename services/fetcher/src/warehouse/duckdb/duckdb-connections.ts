import type { DuckDBConnection } from '@duckdb/node-api';

/** Where connections to a warehouse's DuckDB come from. */
export interface DuckDbConnections {
  use<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  /** A connection for {@link release}. */
  acquire(): Promise<DuckDBConnection>;
  release(connection: DuckDBConnection): Promise<void>;
}

/** What DuckDB says in its first line; never empty. */
export function problemText(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.trim().split('\n')[0] || 'DuckDB gives no reason';
}
