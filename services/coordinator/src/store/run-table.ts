import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { RunRecord } from '../model/run-record.js';
import { isEnded, RUN_TRANSITIONS, type RunState } from '../states/run-state.js';
import { type Row, runFromRow, runRow } from './record-rows.js';
import { insert } from './write-rows.js';

/** A run in a list: its plan has no pairs, and the tasks are counted. */
export interface ListedRun {
  readonly run: RunRecord;
  /** Place in the order in which runs were started. */
  readonly ordinal: bigint;
  readonly tasksDone: number;
  readonly tasksTotal: number;
  readonly statementsRun: number;
  readonly bytesBilled: bigint;
  readonly usd: number;
}

const TABLES_OF_A_RUN = ['ledger', 'results', 'events', 'tasks', 'pairs', 'run_labels', 'runs'] as const;

const ENDED = (Object.keys(RUN_TRANSITIONS) as RunState[]).filter(isEnded).map((state) => `'${state}'`);

/** Columns of a run without those that can be large. */
const BRIEF = '* REPLACE (plan_brief AS plan)';

/** Writes a new run. Not the time of creation orders runs: the clock may have been set back. */
export async function insertRun(writer: DuckDBConnection, run: RunRecord): Promise<void> {
  const rows = await writer.runAndReadAll('SELECT coalesce(max(ordinal), 0) + 1 FROM runs');
  await insert(writer, 'runs', { ...runRow(run), ordinal: rows.getRows()[0]![0]! });
  for (const [label, value] of Object.entries(run.labels)) {
    await insert(writer, 'run_labels', { run_id: run.runId, label, value });
  }
}

/** All runs, oldest first. */
export async function readAllRuns(reader: DuckDBConnection): Promise<RunRecord[]> {
  return readRecords(reader, 'SELECT * FROM runs ORDER BY ordinal');
}

/** Runs that have not ended, oldest first. */
export async function readActiveRuns(reader: DuckDBConnection): Promise<RunRecord[]> {
  return readRecords(reader, `SELECT * FROM runs WHERE state NOT IN (${ENDED.join(', ')}) ORDER BY ordinal`);
}

/** The latest runs that were approved and fetched for themselves, newest first. */
export async function readApprovedRuns(reader: DuckDBConnection, limit: number): Promise<RunRecord[]> {
  const where = "approvals <> '[]' AND rerun_of = '' AND plan IS NOT NULL";
  return readRecords(reader, `SELECT * FROM runs WHERE ${where} ORDER BY ordinal DESC LIMIT ${limit}`);
}

/** The run that was started by a request; undefined when there is none. */
export async function readRunOfRequest(
  reader: DuckDBConnection,
  requestId: string,
): Promise<{ runId: string; requestSha256: string } | undefined> {
  const sql = 'SELECT run_id, request_sha256 FROM runs WHERE request_id = $1';
  const [row] = await rowsOf(reader, sql, [requestId]);
  return row && { runId: String(row.run_id), requestSha256: String(row.request_sha256) };
}

/** Ids of ended runs whose end is longer ago, oldest first. */
export async function readRunsEndedBefore(reader: DuckDBConnection, ms: number): Promise<string[]> {
  const sql = `SELECT run_id FROM runs WHERE state IN (${ENDED.join(', ')}) AND ended_ms < $1 ORDER BY ordinal`;
  return (await rowsOf(reader, sql, [BigInt(Math.floor(ms))])).map((row) => String(row.run_id));
}

/** Runs before a place in the order, newest first, that meet a condition on `runs`. */
export async function listRuns(
  reader: DuckDBConnection,
  where: { sql: string; values: readonly (string | bigint)[] },
  page: { before: bigint; size: number },
): Promise<{ runs: ListedRun[]; total: number }> {
  const values = [...where.values];
  const [count] = await rowsOf(reader, `SELECT count(*) AS total FROM runs WHERE ${where.sql}`, values);
  const rows = await rowsOf(
    reader,
    `WITH page AS (SELECT ${BRIEF} FROM runs WHERE (${where.sql}) AND ordinal < $${values.length + 1}
       ORDER BY ordinal DESC LIMIT ${page.size})
     SELECT page.*, t.total, t.done, p.statements, p.bytes, p.dollars FROM page
       LEFT JOIN (SELECT run_id, count(*) AS total, count(*) FILTER (state = 'DONE') AS done FROM tasks
         WHERE run_id IN (SELECT run_id FROM page) GROUP BY run_id) AS t USING (run_id)
       LEFT JOIN (SELECT run_id, sum(statements_run) AS statements, sum(bytes_billed) AS bytes, sum(usd) AS dollars
         FROM pairs WHERE run_id IN (SELECT run_id FROM page) GROUP BY run_id) AS p USING (run_id)
     ORDER BY page.ordinal DESC`,
    [...values, page.before],
  );
  return { runs: rows.map(listedRun), total: Number(count!.total) };
}

function listedRun(row: Row): ListedRun {
  return {
    run: runFromRow(row),
    ordinal: BigInt(String(row.ordinal)),
    tasksDone: Number(row.done ?? 0),
    tasksTotal: Number(row.total ?? 0),
    statementsRun: Number(row.statements ?? 0),
    bytesBilled: BigInt(String(row.bytes ?? 0)),
    usd: Number(row.dollars ?? 0),
  };
}

/** Removes all rows of a run. */
export async function deleteRun(writer: DuckDBConnection, runId: string): Promise<void> {
  for (const table of TABLES_OF_A_RUN) await writer.run(`DELETE FROM ${table} WHERE run_id = $1`, [runId]);
}

async function readRecords(reader: DuckDBConnection, sql: string): Promise<RunRecord[]> {
  return (await rowsOf(reader, sql, [])).map(runFromRow);
}

async function rowsOf(reader: DuckDBConnection, sql: string, values: DuckDBValue[]): Promise<Row[]> {
  return (await reader.runAndReadAll(sql, values)).getRowObjects();
}
