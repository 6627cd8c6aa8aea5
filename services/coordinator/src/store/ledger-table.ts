import {
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBScalarFunction,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import { type LedgerRow, LedgerStatus } from '@onescan/contract/generated/onescan/v1/result.js';
import { ledgerText } from '@onescan/contract/reasons/ledger-text.js';
import { readStoredReason, storedFacts } from '@onescan/contract/reasons/reason.js';

/** Which part of a run's ledger to read; unset means all. */
export interface LedgerFilter {
  runId: string;
  pair: string;
  horizon: number;
}

/** Rows of a DuckDB vector. */
const CHUNK_ROWS = 2048;

const TYPES = [
  VARCHAR,
  VARCHAR,
  INTEGER,
  VARCHAR,
  VARCHAR,
  VARCHAR,
  VARCHAR,
  VARCHAR,
  DOUBLE,
  DOUBLE,
  DOUBLE,
  INTEGER,
  INTEGER,
  VARCHAR,
  VARCHAR,
  VARCHAR,
  VARCHAR,
];

const STATUS_NAMES = {
  [LedgerStatus.LEDGER_STATUS_RETAINED]: 'RETAINED',
  [LedgerStatus.LEDGER_STATUS_PRUNED]: 'PRUNED',
  [LedgerStatus.LEDGER_STATUS_EXCLUDED]: 'EXCLUDED',
} as const;

/** Name of a ledger status as stored; undefined for values outside the contract. */
export function ledgerStatusName(status: LedgerStatus): 'RETAINED' | 'PRUNED' | 'EXCLUDED' | undefined {
  return STATUS_NAMES[status as keyof typeof STATUS_NAMES];
}

/** Appends rows in whole vectors; part of the connection's transaction (18 ms for 6,500 rows). */
export async function appendLedger(connection: DuckDBConnection, rows: readonly LedgerRow[]): Promise<void> {
  const appender = await connection.createAppender('ledger');
  for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
    const part = rows.slice(start, start + CHUNK_ROWS);
    const reasons = part.map(ledgerReasonColumns);
    const chunk = DuckDBDataChunk.create(TYPES, part.length);
    chunk.setColumns([
      part.map((row) => row.runId),
      part.map((row) => row.pair),
      part.map((row) => row.horizon),
      part.map((row) => row.featureId),
      part.map((row) => row.group),
      part.map((row) => ledgerStatusName(row.status) ?? ''),
      part.map((row) => row.stage),
      reasons.map(({ reason }) => reason),
      part.map((row) => row.selectionFrequency ?? null),
      part.map((row) => row.importance ?? null),
      part.map((row) => row.shapMeanAbs ?? null),
      part.map((row) => row.rank ?? null),
      part.map((row) => row.rowsExplained),
      reasons.map(({ reasonCode }) => reasonCode),
      reasons.map(({ facts }) => facts),
      reasons.map(({ remarkCode }) => remarkCode),
      reasons.map(({ remarkFacts }) => remarkFacts),
    ]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

/** Reads one task's rows in the order they were written. */
export async function readTaskLedger(connection: DuckDBConnection, task: LedgerFilter): Promise<LedgerRow[]> {
  const read = await connection.runAndReadAll(
    'SELECT * FROM ledger WHERE run_id = $1 AND pair = $2 AND horizon = $3',
    [task.runId, task.pair, task.horizon],
  );
  return read.getRowObjects().map((row) => ({
    runId: String(row.run_id),
    pair: String(row.pair),
    horizon: Number(row.horizon),
    featureId: String(row.feature_id),
    group: String(row.feature_group),
    status: statusOf(String(row.status)),
    stage: String(row.stage),
    ...readLedgerReasons({
      reason: row.reason,
      reasonCode: row.reason_code,
      facts: row.facts,
      remarkCode: row.remark_code,
      remarkFacts: row.remark_facts,
    }),
    selectionFrequency: optional(row.selection_frequency),
    importance: optional(row.importance),
    shapMeanAbs: optional(row.shap_mean_abs),
    rank: optional(row.rank),
    rowsExplained: Number(row.rows_explained),
  }));
}

function statusOf(name: string): LedgerStatus {
  const found = Object.entries(STATUS_NAMES).find(([, stored]) => stored === name);
  if (!found) throw new TypeError(`unknown ledger status "${name}" in the state file`);
  return Number(found[0]);
}

function optional(value: unknown): number | undefined {
  return value == null ? undefined : Number(value);
}

/** Why a row is there that is no feature of the universe: a product of two. */
export const PRODUCT_CODE = 'product';

/** Rows and distinct features of every task of a run, products of features left out. */
export interface LedgerCount {
  pair: string;
  horizon: number;
  rows: number;
  features: number;
}

export async function countLedger(connection: DuckDBConnection, runId: string): Promise<LedgerCount[]> {
  const read = await connection.runAndReadAll(
    `SELECT pair, horizon, count(*) AS row_count, count(DISTINCT feature_id) AS features
     FROM ledger WHERE run_id = $1 AND reason_code IS DISTINCT FROM $2 GROUP BY pair, horizon`,
    [runId, PRODUCT_CODE],
  );
  return read.getRowObjects().map((row) => ({
    pair: String(row.pair),
    horizon: Number(row.horizon),
    rows: Number(row.row_count),
    features: Number(row.features),
  }));
}

/** A retained feature with its figures; undefined where the ledger has none. */
export interface RankedFeature {
  featureId: string;
  rank: number;
  selectionFrequency: number | undefined;
  importance: number | undefined;
  shapMeanAbs: number | undefined;
}

/** The best retained features of a task, by rank. */
export async function readTopFeatures(
  connection: DuckDBConnection,
  task: LedgerFilter,
  limit: number,
): Promise<RankedFeature[]> {
  const read = await connection.runAndReadAll(
    `SELECT feature_id, rank, selection_frequency, importance, shap_mean_abs FROM ledger
     WHERE run_id = $1 AND pair = $2 AND horizon = $3 AND rank IS NOT NULL ORDER BY rank LIMIT ${limit}`,
    [task.runId, task.pair, task.horizon],
  );
  return read.getRowObjects().map((row) => ({
    featureId: String(row.feature_id),
    rank: Number(row.rank),
    selectionFrequency: optional(row.selection_frequency),
    importance: optional(row.importance),
    shapMeanAbs: optional(row.shap_mean_abs),
  }));
}

/** Rows of a run's ledger by status, stage and code of the reason. */
export interface LedgerTotal {
  status: string;
  stage: string;
  /** "unspecified" for rows from before there were codes. */
  reasonCode: string;
  rows: number;
}

export async function totalLedger(connection: DuckDBConnection, runId: string): Promise<LedgerTotal[]> {
  const read = await connection.runAndReadAll(
    `SELECT status, stage, coalesce(reason_code, 'unspecified') AS reason_code, count(*) AS row_count
     FROM ledger WHERE run_id = $1 GROUP BY ALL ORDER BY status, stage, row_count DESC, reason_code`,
    [runId],
  );
  return read.getRowObjects().map((row) => ({
    status: String(row.status),
    stage: String(row.stage),
    reasonCode: String(row.reason_code),
    rows: Number(row.row_count),
  }));
}

/** Writes a run's ledger as a Parquet file, sorted by pair, horizon and feature; every row has its sentence too. */
export async function exportLedger(connection: DuckDBConnection, runId: string, path: string): Promise<void> {
  registerLedgerSentence(connection);
  const sentence = `${LEDGER_SENTENCE}(reason, reason_code, facts, remark_code, remark_facts)`;
  await connection.run(
    `COPY (SELECT * REPLACE (${sentence} AS reason) FROM ledger WHERE run_id = ${literal(runId)} ORDER BY pair, horizon, feature_id)
     TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
}

/** COPY takes no parameters. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Name of the function in SQL: the sentence of reason, reason_code, facts, remark_code and remark_facts. */
const LEDGER_SENTENCE = 'onescan_ledger_sentence';

const ARGUMENTS = 5;
/** Sentences that are kept: most features of a run share few reasons. */
const KEPT = 50_000;

/** Lets SQL of a connection make sentences of a ledger's codes and facts, by the renderer that everybody uses. */
function registerLedgerSentence(connection: DuckDBConnection): void {
  const known = new Map<string, string>();
  const sentence = DuckDBScalarFunction.create({
    name: LEDGER_SENTENCE,
    returnType: VARCHAR,
    parameterTypes: Array.from({ length: ARGUMENTS }, () => VARCHAR),
    specialHandling: true, // for NULL, which older rows have
    mainFunction: (_, chunk, output) => {
      for (let row = 0; row < chunk.rowCount; row++) output.setItem(row, sentenceOf(chunk, row, known));
      output.flush();
    },
  });
  connection.registerScalarFunction(sentence);
}

function sentenceOf(chunk: DuckDBDataChunk, row: number, known: Map<string, string>): string {
  const fields = Array.from({ length: ARGUMENTS }, (_, k) => chunk.getColumnVector(k).getItem(row));
  const key = JSON.stringify(fields);
  const before = known.get(key);
  if (before !== undefined) return before;
  const [reason, reasonCode, facts, remarkCode, remarkFacts] = fields;
  const text = ledgerText(readLedgerReasons({ reason, reasonCode, facts, remarkCode, remarkFacts }));
  if (known.size >= KEPT) known.clear();
  known.set(key, text);
  return text;
}

/** Columns of the ledger that hold reasons. Of rows from before there were codes, the last four are NULL. */
interface LedgerReasonColumns {
  readonly reason: unknown;
  readonly reasonCode: unknown;
  readonly facts: unknown;
  readonly remarkCode: unknown;
  readonly remarkFacts: unknown;
}

type LedgerReasons = Pick<LedgerRow, 'reason' | 'why' | 'remark'>;

/** A row's reasons as columns: the sentence is kept only where there is nothing else. */
function ledgerReasonColumns({ reason, why, remark }: LedgerReasons): {
  readonly [K in keyof LedgerReasonColumns]: string | null;
} {
  return {
    reason: why ? '' : reason,
    reasonCode: why?.code ?? null,
    facts: why ? storedFacts(why) : null,
    remarkCode: remark?.code ?? null,
    remarkFacts: remark ? storedFacts(remark) : null,
  };
}

function readLedgerReasons(columns: LedgerReasonColumns): LedgerReasons {
  const text = String(columns.reason ?? '');
  const stored = (code: unknown, facts: unknown) =>
    code == null
      ? undefined
      : readStoredReason({ code: String(code), facts: String(facts ?? ''), text: text || String(code) });
  const why = stored(columns.reasonCode, columns.facts);
  const remark = stored(columns.remarkCode, columns.remarkFacts);
  return { reason: text, ...(why ? { why } : {}), ...(remark ? { remark } : {}) };
}
