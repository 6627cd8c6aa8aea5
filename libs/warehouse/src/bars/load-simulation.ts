import { DOUBLE, type DuckDBConnection, DuckDBDataChunk, INTEGER } from '@duckdb/node-api';
import type { SimulatedBars } from '../simulation/simulate-bars.js';
import { rawTable } from './bars-table.js';

/** Rows of a DuckDB vector. */
const CHUNK_ROWS = 2048;

/** Puts the simulated bars of a pair into `raw_{pair}`. */
export async function loadSimulatedPair(connection: DuckDBConnection, bars: SimulatedBars): Promise<void> {
  const staging = 'simulated';
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${staging} (minute INTEGER, open DOUBLE, high DOUBLE,
    low DOUBLE, close DOUBLE, volume DOUBLE)`);
  const columns = [bars.minute, bars.open, bars.high, bars.low, bars.close, bars.volume];
  const appender = await connection.createAppender(staging);
  const chunk = DuckDBDataChunk.create([INTEGER, DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE]);
  for (let from = 0; from < bars.minute.length; from += CHUNK_ROWS) {
    chunk.setColumns(columns.map((column) => Array.from(column.subarray(from, from + CHUNK_ROWS))));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${rawTable(bars.pair)} AS
    SELECT make_timestamp(minute::BIGINT * 60000000) AS interval_time, open, high, low, close, volume FROM ${staging}`);
}
