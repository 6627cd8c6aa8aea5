import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HorizonResult, LedgerRow, LedgerStatus } from '@onescan/contract/generated/onescan/v1/result.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { ledgerText } from '@onescan/contract/reasons/ledger-text.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { blankPairsAndTasks } from '../model/run-record.js';
import { Store } from './store.js';

/** The ledger as version 4 of the tables had it, when a reason was a sentence. */
const VERSION_4 = [
  'CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)',
  "INSERT INTO meta VALUES ('schema_version', '4')",
  'CREATE TABLE runs (run_id VARCHAR, ordinal BIGINT, spec VARCHAR)',
  'CREATE TABLE pairs (run_id VARCHAR, pair VARCHAR, dataset VARCHAR)',
  'CREATE TABLE tasks (run_id VARCHAR, pair VARCHAR, horizon INTEGER, state VARCHAR, spec_hash VARCHAR)',
  'CREATE TABLE results (run_id VARCHAR, pair VARCHAR, horizon INTEGER, spec_hash VARCHAR, attempt INTEGER, document_sha256 VARCHAR, document BLOB)',
  `CREATE TABLE ledger (
    run_id VARCHAR NOT NULL, pair VARCHAR NOT NULL, horizon INTEGER NOT NULL, feature_id VARCHAR NOT NULL,
    feature_group VARCHAR NOT NULL, status VARCHAR NOT NULL, stage VARCHAR NOT NULL,
    reason VARCHAR NOT NULL, selection_frequency DOUBLE, importance DOUBLE, shap_mean_abs DOUBLE,
    rank INTEGER, rows_explained INTEGER NOT NULL)`,
  ...['a', 'b'].map(
    (name) =>
      `INSERT INTO ledger VALUES ('old', 'eurusd', 15, 't.${name}', 'g', 'PRUNED', 'prune', 'nearly the same as ${name}''s twin: 0.99', NULL, NULL, NULL, NULL, 0)`,
  ),
];
const OLD_TASK = { runId: 'old', pair: 'eurusd', horizon: 15 };
const NEW_TASK = { runId: 'new', pair: 'eurusd', horizon: 15 };

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-old-ledger-'));
  await sql(join(folder, 'coordinator.duckdb'), VERSION_4);
  store = await Store.open(folder);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

async function sql(path: string, statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const instance = await openDuckDb(path);
  const connection = await instance.connect();
  let rows: Record<string, unknown>[] = [];
  for (const statement of statements) rows = (await connection.runAndReadAll(statement)).getRowObjectsJS();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

async function exported(runId: string): Promise<Record<string, unknown>[]> {
  const path = join(folder, `${runId}.parquet`);
  await store.exportLedger(runId, path);
  return sql(':memory:', [`SELECT * FROM '${path}'`]);
}

test('a ledger of sentences opens, reads, counts and exports as it was', async () => {
  const rows = await store.readTaskLedger(OLD_TASK);
  expect(rows.map(({ featureId, why, remark }) => [featureId, why, remark])).toEqual([
    ['t.a', undefined, undefined],
    ['t.b', undefined, undefined],
  ]);
  expect(rows.map(ledgerText)).toEqual([
    "nearly the same as a's twin: 0.99",
    "nearly the same as b's twin: 0.99",
  ]);
  expect(await store.totalLedger('old')).toEqual([
    { status: 'PRUNED', stage: 'prune', reasonCode: 'unspecified', rows: 2 },
  ]);
  expect(await exported('old')).toMatchObject([
    { feature_id: 't.a', reason: "nearly the same as a's twin: 0.99", reason_code: null, facts: null },
    { feature_id: 't.b', reason: "nearly the same as b's twin: 0.99", reason_code: null, facts: null },
  ]);
});

test('and takes new rows, which are kept as codes with facts and exported with their sentence', async () => {
  const rows = [
    {
      status: LedgerStatus.LEDGER_STATUS_RETAINED,
      stage: 'model',
      why: { code: 'stable', facts: { shares: { curvature: 0.1, 'elastic-net': 0.9 } } },
      remark: {
        code: 'suspicious_share',
        facts: { part: 'unknown', horizon: 45, share: 0.4, limit: 0.25 },
      },
    },
    { status: LedgerStatus.LEDGER_STATUS_PRUNED, stage: 'prune', why: { code: 'constant', facts: {} } },
  ].map((row, i) =>
    LedgerRow.fromPartial({ ...NEW_TASK, featureId: `t.${i}`, group: 'g', reason: 'never kept', ...row }),
  );
  const spec = resolveRunSpec(RunSpec.fromPartial({ pairs: ['eurusd'], horizons: [15] }));
  const { tasks } = blankPairsAndTasks('new', spec);
  await store.commit({
    pairs: [],
    tasks: [],
    events: [],
    result: { task: tasks[0]!, result: HorizonResult.fromPartial({ ledger: rows }) },
  });
  const kept = rows.map((row) => ({ ...row, reason: '' }));
  expect(await store.readTaskLedger(NEW_TASK)).toEqual(kept);
  expect(await exported('new')).toMatchObject([
    {
      reason: ledgerText(kept[0]!),
      reason_code: 'stable',
      facts: '{"shares":{"curvature":0.1,"elastic-net":0.9}}',
      remark_code: 'suspicious_share',
      remark_facts: '{"horizon":45,"limit":0.25,"part":"unknown","share":0.4}',
    },
    { reason: ledgerText(kept[1]!), reason_code: 'constant', facts: '{}', remark_code: null },
  ]);
  expect((await exported('old')).length).toBe(2);
});
