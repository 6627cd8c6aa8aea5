import { blobValue, type DuckDBConnection } from '@duckdb/node-api';
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

/** Appends events of runs. */
export async function insertEvents(writer: DuckDBConnection, events: readonly RunEvent[]): Promise<void> {
  for (const event of events) {
    await insert(writer, 'events', {
      run_id: event.runId,
      sequence: event.sequence,
      event: blobValue(RunEvent.encode(event).finish()),
    });
  }
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
