import { BIGINT, BLOB, blobValue, type DuckDBConnection, DuckDBDataChunk, VARCHAR } from '@duckdb/node-api';
import { RunEvent } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { HorizonResult } from '@onescan/contract/generated/onescan/v1/result.js';
import type { TaskRecord } from '../model/run-record.js';
import type { Scoring } from '../model/scoring.js';
import { appendLedger } from './ledger-table.js';
import type { Row } from './record-rows.js';
import { countScoring } from './scoring-table.js';

/** A result, and what of the rows it has seen. */
export interface ResultToStore {
  readonly task: TaskRecord;
  readonly result: HorizonResult;
  readonly scoring?: Scoring;
}

/** Columns of the table of events, in its order. */
const EVENT_TYPES = [VARCHAR, BIGINT, BLOB];
/** Rows that a chunk of DuckDB holds. */
const CHUNK_ROWS = 2_048;

/** Writes a new row. Names of tables and columns come from the schema, never from outside. */
export async function insert(writer: DuckDBConnection, table: string, row: Row): Promise<void> {
  const columns = Object.keys(row);
  const places = columns.map((_, i) => `$${i + 1}`);
  await writer.run(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')})`,
    Object.values(row),
  );
}

/** Replaces the other columns of the row with these keys. */
export async function update(
  writer: DuckDBConnection,
  table: string,
  row: Row,
  keys: readonly string[],
): Promise<void> {
  const columns = Object.keys(row);
  const place = (column: string): string => `${column} = $${columns.indexOf(column) + 1}`;
  const set = columns.filter((column) => !keys.includes(column)).map(place);
  await writer.run(
    `UPDATE ${table} SET ${set.join(', ')} WHERE ${keys.map(place).join(' AND ')}`,
    Object.values(row),
  );
}

/** Appends events of runs: many at once, so past the parser of SQL, which would take most of a busy coordinator's time. */
export async function insertEvents(writer: DuckDBConnection, events: readonly RunEvent[]): Promise<void> {
  if (events.length === 0) return;
  const appender = await writer.createAppender('events');
  for (let start = 0; start < events.length; start += CHUNK_ROWS) {
    const part = events.slice(start, start + CHUNK_ROWS);
    const chunk = DuckDBDataChunk.create(EVENT_TYPES, part.length);
    chunk.setColumns([
      part.map(({ runId }) => runId),
      part.map(({ sequence }) => sequence),
      part.map((event) => blobValue(RunEvent.encode(event).finish())),
    ]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

/** Stores a result with its ledger, in the place of an earlier one where there is one. */
export async function insertResult(
  writer: DuckDBConnection,
  { task, result, scoring }: ResultToStore,
): Promise<void> {
  const key = [task.runId, task.pair, task.horizon];
  const isKey = 'run_id = $1 AND pair = $2 AND horizon = $3';
  const { rowsChanged } = await writer.run(`DELETE FROM results WHERE ${isKey}`, key);
  if (rowsChanged > 0) await writer.run(`DELETE FROM ledger WHERE ${isKey}`, key);
  await insert(writer, 'results', {
    run_id: task.runId,
    pair: task.pair,
    horizon: task.horizon,
    spec_hash: task.specHash,
    attempt: task.attempt,
    document_sha256: result.documentSha256,
    document: blobValue(result.document),
  });
  await appendLedger(writer, result.ledger);
  if (scoring) await countScoring(writer, scoring);
}
