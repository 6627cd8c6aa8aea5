import type { DuckDBConnection } from '@duckdb/node-api';
import { taskKey } from '../model/run-record.js';
import type { Scoring } from '../model/scoring.js';

/**
 * Counts a scoring, unless the same was scored before. Scorings of a pair and horizon are of the same rows when they are of the
 * same segment of the same dataset, or when prices of the same source were scored at the same time: another sample of a period
 * shows what the first one did.
 */
export async function countScoring(writer: DuckDBConnection, scoring: Scoring): Promise<void> {
  const { contentSha256, pair, horizon, specHash, segment, source, period } = scoring;
  const [first, last] = period ? [BigInt(period.firstMs), BigInt(period.lastMs)] : [null, null];
  await writer.run(
    `INSERT OR IGNORE INTO scorings
       (content_sha256, pair, horizon, spec_hash, segment, place, source, first_ms, last_ms)
     SELECT $1, $2, $3, $4, $5, count(*) + 1, $6, $7::BIGINT, $8::BIGINT FROM scorings
     WHERE pair = $2 AND horizon = $3 AND ((content_sha256 = $1 AND segment = $5)
       OR (source = $6 AND source <> '' AND first_ms <= $8::BIGINT AND last_ms >= $7::BIGINT))`,
    [contentSha256, pair, horizon, specHash, segment, source, first, last],
  );
}

/** Which scoring of the same rows each result of a run is, by task key; the first is 1. */
export async function readScorings(reader: DuckDBConnection, runId: string): Promise<Map<string, number>> {
  const rows = await reader.runAndReadAll(
    `SELECT tasks.pair, tasks.horizon, place FROM tasks JOIN pairs USING (run_id, pair)
     JOIN scorings ON content_sha256 = json_extract_string(dataset, '$.contentSha256')
       AND scorings.pair = tasks.pair AND scorings.horizon = tasks.horizon
       AND scorings.spec_hash = tasks.spec_hash
     WHERE run_id = $1 AND tasks.state = 'DONE'`,
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
