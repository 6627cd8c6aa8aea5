import type { DuckDBConnection } from '@duckdb/node-api';
import { type TaskRecord, taskKey } from '../model/run-record.js';

/** Counts a scoring of the dataset's final segment, unless the same was scored before. */
export async function countScoring(writer: DuckDBConnection, task: TaskRecord): Promise<void> {
  const { runId, pair, horizon, specHash } = task;
  await writer.run(
    `INSERT OR IGNORE INTO scorings
     SELECT content, $2, $3, $4, part, (SELECT count(*) + 1 FROM scorings
         WHERE content_sha256 = content AND pair = $2 AND horizon = $3 AND segment = part)
     FROM (SELECT json_extract_string(dataset, '$.contentSha256') AS content,
           coalesce(json_extract_string(spec, '$.overrides."protocol.score"'), 'final') AS part
         FROM pairs JOIN runs USING (run_id) WHERE run_id = $1 AND pair = $2) AS scored
     WHERE content IS NOT NULL`,
    [runId, pair, horizon, specHash],
  );
}

/** Which scoring of the dataset's final segment each result of a run is, by task key; the first is 1. */
export async function readScorings(reader: DuckDBConnection, runId: string): Promise<Map<string, number>> {
  const rows = await reader.runAndReadAll(
    `SELECT tasks.pair, tasks.horizon, place FROM tasks JOIN pairs USING (run_id, pair)
     JOIN scorings ON content_sha256 = json_extract_string(dataset, '$.contentSha256')
       AND scorings.pair = tasks.pair AND scorings.horizon = tasks.horizon
       AND scorings.spec_hash = tasks.spec_hash
     WHERE run_id = $1`,
    [runId],
  );
  return new Map(
    rows.getRowObjects().map((row) => [taskKey(String(row.pair), Number(row.horizon)), Number(row.place)]),
  );
}

/** What scored the locked segment of a pair's dataset, by horizon: the hash of all that decides the result. */
export async function readUnlocked(
  reader: DuckDBConnection,
  scored: { readonly contentSha256: string; readonly pair: string },
): Promise<Map<number, string>> {
  const rows = await reader.runAndReadAll(
    `SELECT horizon, spec_hash FROM scorings WHERE content_sha256 = $1 AND pair = $2 AND segment = 'locked'
     ORDER BY place DESC`,
    [scored.contentSha256, scored.pair],
  );
  return new Map(rows.getRowObjects().map((row) => [Number(row.horizon), String(row.spec_hash)]));
}
