import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { RunEvent } from '@onescan/contract/generated/onescan/v1/coordinator.js';
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

/**
 * Removes the first events of runs so that the last `keep` are left, and one of runs that ended before a time: numbers
 * go on after it.
 *
 * @returns how many were removed
 */
export async function deleteOldEvents(
  writer: DuckDBConnection,
  { keep, endedBeforeMs }: { keep: number; endedBeforeMs: number },
): Promise<number> {
  const { rowsChanged } = await writer.run(
    `DELETE FROM events AS e USING
       (SELECT run_id, max(sequence) - CASE WHEN any_value(ended_ms) < $1 THEN 1 ELSE $2 END AS up_to
        FROM events JOIN runs USING (run_id) GROUP BY run_id HAVING count(*) > 1) AS old
     WHERE e.run_id = old.run_id AND e.sequence <= old.up_to`,
    [BigInt(Math.floor(endedBeforeMs)), BigInt(keep)],
  );
  return rowsChanged;
}

async function one(
  reader: DuckDBConnection,
  sql: string,
  values: DuckDBValue[],
): Promise<DuckDBValue | undefined> {
  return (await reader.runAndReadAll(sql, values)).getRows()[0]?.[0];
}
