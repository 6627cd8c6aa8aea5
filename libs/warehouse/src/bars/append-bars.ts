import { DOUBLE, type DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import type { BarColumns } from './bar-columns.js';
import { rawTable } from './bars-table.js';

/** Rows of a DuckDB vector. */
const CHUNK_ROWS = 2048;

/** Puts bars into `raw_{pair}`: interval_time (TIMESTAMP, UTC), open, high, low, close, volume. */
export async function appendBars(
  connection: DuckDBConnection,
  pair: string,
  bars: BarColumns,
): Promise<void> {
  const staging = 'staged_bars';
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${staging} (micros DOUBLE, open DOUBLE, high DOUBLE,
    low DOUBLE, close DOUBLE, volume DOUBLE)`);
  const columns = [bars.time, ...bars.values];
  const appender = await connection.createAppender(staging);
  const chunk = DuckDBDataChunk.create(columns.map(() => DOUBLE));
  for (let from = 0; from < bars.rows; from += CHUNK_ROWS) {
    const until = Math.min(from + CHUNK_ROWS, bars.rows);
    chunk.setColumns(columns.map((column) => Array.from(column.subarray(from, until))));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${rawTable(pair)} AS
    SELECT make_timestamp(micros::BIGINT) AS interval_time, open, high, low, close, volume FROM ${staging}`);
  await connection.run(`DROP TABLE ${staging}`);
}
