import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { DayCount, DoubledKey, KeyRange, TableName } from '../../catalogue/catalogue.js';
import type { RunOptions, Statement, StatementBatch } from '../warehouse.js';
import { DuckDbBatch } from './duckdb-batch.js';
import type { DuckDbConnections } from './duckdb-connections.js';
import { name, rangeFilter, tableName } from './duckdb-dialect.js';

/** Rows of a table for each day of a range, in order of day. */
export async function countDays(
  connection: DuckDBConnection,
  { table, keyColumn, range }: { table: TableName; keyColumn: string; range: KeyRange },
): Promise<DayCount[]> {
  const key = `t.${name(keyColumn)}`;
  const filter = rangeFilter(key, range);
  const result = await connection.runAndReadAll(
    `SELECT CAST(CAST(${key} AS DATE) AS VARCHAR), count(*) FROM ${tableName(table)} t
     ${filter && `WHERE ${filter}`} GROUP BY 1 ORDER BY 1`,
  );
  return result.getRows().map(([day, rows]) => ({ day: String(day), rows: Number(rows) }));
}

/** Keys of each table in a range, ascending, epoch microseconds. */
export async function readKeys(
  connection: DuckDBConnection,
  tables: readonly TableName[],
  { keyColumn, range }: { keyColumn: string; range: KeyRange },
): Promise<Float64Array[]> {
  const key = `t.${name(keyColumn)}`;
  const filter = rangeFilter(key, range);
  // Nanoseconds are cut off when keys are joined. Doubles hold microseconds until the year 2255.
  const micros = `CAST(epoch_us(CAST(${key} AS TIMESTAMP)) AS DOUBLE)`;
  const all: Float64Array[] = [];
  for (const table of tables) {
    const result = await connection.runAndReadAll(
      `SELECT ${micros} FROM ${tableName(table)} t WHERE ${filter ? `${filter} AND ` : ''}${key} IS NOT NULL ORDER BY 1`,
    );
    all.push(Float64Array.from(result.getColumns()[0] ?? [], Number));
  }
  return all;
}

/** The most frequent key of each table that holds one more than once. */
export async function findDoubledKeys(
  connection: DuckDBConnection,
  tables: readonly TableName[],
  keyColumn: string,
): Promise<DoubledKey[]> {
  // Nanoseconds are cut off when keys are joined.
  const key = `CAST(t.${name(keyColumn)} AS TIMESTAMP)`;
  const selects = tables.map(
    (table, i) =>
      `(SELECT ${i}, epoch_us(${key}), count(*) FROM ${tableName(table)} t GROUP BY ${key} HAVING count(*) > 1 ORDER BY 3 DESC, 2 LIMIT 1)`,
  );
  const rows = (await connection.runAndReadAll(selects.join(' UNION ALL '))).getRows();
  return rows.map(([i, micros, times]) => ({
    table: tables[Number(i)]!,
    key: Number(micros),
    times: Number(times),
  }));
}

/** Binds a statement without running it. */
export async function prepareOnly(connection: DuckDBConnection, { sql }: Statement): Promise<void> {
  const prepared = await connection.prepare(sql);
  prepared.destroySync();
}

/** @throws OnescanError RESOURCE_EXHAUSTED when a statement would bill more than was approved */
export function requireWithinLimit(bytes: bigint, { maximumBytesBilled }: RunOptions): void {
  if (bytes <= maximumBytesBilled) return;
  throw new OnescanError(
    'RESOURCE_EXHAUSTED',
    `the statement would bill ${bytes} bytes, the approved limit is ${maximumBytesBilled}`,
    { remedy: 'Resume the run: what it lacks is planned again and waits for approval' },
  );
}

/** Runs a statement. @throws OnescanError CANCELLED when the signal fires; what DuckDB throws otherwise */
export async function* streamStatement(
  connections: DuckDbConnections,
  { sql }: Statement,
  { jobId, signal }: Pick<RunOptions, 'jobId' | 'signal'>,
): AsyncGenerator<StatementBatch, void, undefined> {
  const connection = await connections.acquire();
  const interrupt = (): void => connection.interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    signal?.throwIfAborted();
    const result = await connection.stream(sql);
    const columns = new Map(result.columnNames().map((column, i) => [column, i]));
    for (;;) {
      const chunk = await result.fetchChunk();
      signal?.throwIfAborted();
      if (!chunk || chunk.rowCount === 0) return;
      yield new DuckDbBatch(chunk, columns);
    }
  } catch (thrown) {
    if (signal?.aborted) {
      throw new OnescanError('CANCELLED', `statement ${jobId} was cancelled`, { cause: thrown });
    }
    throw thrown;
  } finally {
    signal?.removeEventListener('abort', interrupt);
    await connections.release(connection);
  }
}
