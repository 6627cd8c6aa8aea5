import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { RunEvent } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import { bytesOf } from './record-rows.js';

/** Events with a higher sequence number, in order. */
export async function readEvents(
  reader: DuckDBConnection,
  { runId, afterSequence, limit }: { runId: string; afterSequence: bigint; limit: number },
): Promise<RunEvent[]> {
  const read = await reader.runAndReadAll(
    `SELECT event FROM events WHERE run_id = $1 AND sequence > $2 ORDER BY sequence LIMIT ${limit}`,
    [runId, afterSequence],
  );
  return read.getRows().map(([event]) => RunEvent.decode(bytesOf(event)));
}

/** Highest sequence number of a run's events; 0 when there are none. */
export async function readLastSequence(reader: DuckDBConnection, runId: string): Promise<bigint> {
  const last = await one(reader, 'SELECT max(sequence) FROM events WHERE run_id = $1', [runId]);
  return last == null ? 0n : BigInt(String(last));
}

/** Number of a run's events up to a sequence number. */
export async function countEvents(reader: DuckDBConnection, runId: string, upTo: bigint): Promise<number> {
  return Number(
    await one(reader, 'SELECT count(*) FROM events WHERE run_id = $1 AND sequence <= $2', [runId, upTo]),
  );
}

/** Removes a run's events up to a sequence number. */
export async function deleteEvents(writer: DuckDBConnection, runId: string, upTo: bigint): Promise<void> {
  await writer.run('DELETE FROM events WHERE run_id = $1 AND sequence <= $2', [runId, upTo]);
}

async function one(
  reader: DuckDBConnection,
  sql: string,
  values: DuckDBValue[],
): Promise<DuckDBValue | undefined> {
  return (await reader.runAndReadAll(sql, values)).getRows()[0]?.[0];
}
