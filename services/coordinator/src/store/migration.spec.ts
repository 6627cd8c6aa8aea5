import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { restoreState } from './restore-state.js';
import { readAllRuns } from './run-table.js';
import { SCHEMA_VERSION } from './schema.js';
import { readScorings } from './scoring-table.js';
import { Store } from './store.js';

/** Tables of version 1 that later versions changed, as they were written; the last columns of runs came late. */
const VERSION_1 = (lastColumns: string): string[] => [
  'CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)',
  `CREATE TABLE runs (
    run_id VARCHAR PRIMARY KEY, created_ms BIGINT NOT NULL, ended_ms BIGINT, state VARCHAR NOT NULL,
    rerun_of VARCHAR NOT NULL, spec VARCHAR NOT NULL, plan VARCHAR, approved_by VARCHAR NOT NULL,
    pilot_approved BOOLEAN NOT NULL, problems VARCHAR NOT NULL, traceparent VARCHAR NOT NULL,
    workers_used INTEGER NOT NULL, report_path VARCHAR NOT NULL, ledger_rows BIGINT NOT NULL,
    results_sha256 VARCHAR NOT NULL${lastColumns})`,
  `CREATE TABLE pairs (
    run_id VARCHAR NOT NULL, ordinal INTEGER NOT NULL, pair VARCHAR NOT NULL, state VARCHAR NOT NULL,
    dataset VARCHAR, error VARCHAR NOT NULL, fetch_seconds DOUBLE NOT NULL, statements_run INTEGER NOT NULL,
    bytes_billed UBIGINT NOT NULL, usd DOUBLE NOT NULL, PRIMARY KEY (run_id, pair))`,
  `CREATE TABLE tasks (
    run_id VARCHAR NOT NULL, ordinal INTEGER NOT NULL, pair VARCHAR NOT NULL, horizon INTEGER NOT NULL,
    state VARCHAR NOT NULL, attempt INTEGER NOT NULL, crashes INTEGER NOT NULL,
    out_of_memory INTEGER NOT NULL, trainer_id VARCHAR NOT NULL, error VARCHAR NOT NULL,
    spec_hash VARCHAR NOT NULL, failed_traceparent VARCHAR NOT NULL, summary VARCHAR, stats VARCHAR,
    PRIMARY KEY (run_id, pair, horizon))`,
  "INSERT INTO meta VALUES ('schema_version', '1')",
];

const SPEC = '{"pairs":["eurusd"],"horizons":[15]}';
const run = (id: string, createdMs: number, more: string): string =>
  `INSERT INTO runs VALUES ('${id}', ${createdMs}, NULL, 'RUNNING', '', '${SPEC}', NULL, '', false, '[]', '', 1, '', 0, ''${more})`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-migration-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function write(statements: readonly string[]): Promise<void> {
  const instance = await openDuckDb(join(folder, 'coordinator.duckdb'));
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

test.each([
  ['without', '', ''],
  ['with', ", plan_error_code VARCHAR NOT NULL, approvals VARCHAR DEFAULT '[]'", ", 'NOT_FOUND', '[]'"],
])('a state file of version 1, %s plan_error_code, is brought up to date once', async (_, column, value) => {
  await write([
    ...VERSION_1(column),
    run('late', 2_000, value),
    run('early', 1_000, value),
    "INSERT INTO pairs VALUES ('late', 0, 'eurusd', 'PENDING', NULL, '', 0, 0, 0, 0)",
    "INSERT INTO tasks VALUES ('late', 0, 'eurusd', 15, 'LEASED', 2, 1, 0, 't', '', '', '', NULL, NULL)",
    ...['events', 'results', 'ledger'].map(
      (table) => `CREATE TABLE ${table} (run_id VARCHAR, sequence BIGINT)`,
    ),
  ]);
  for (let opened = 1; opened <= 2; opened++) {
    const store = await Store.open(folder);
    const runs = await store.readRunTable(readAllRuns);
    expect(runs.map(({ runId }) => runId)).toEqual(
      opened === 1 ? ['early', 'late'] : ['early', 'late', 'new'],
    );
    expect(runs[0]!.planErrorCode).toBe(value === '' ? '' : 'NOT_FOUND');
    const { pairs, tasks } = (await store.readRun('late'))!;
    expect(pairs.get('eurusd')).toMatchObject({ state: 'PENDING', trainStartedMs: undefined });
    expect(tasks.get('eurusd/15')).toMatchObject({ attempt: 2, crashes: 1, trainerInstance: '' });
    // Created while the clock is wrong: still the newest.
    if (opened === 1) await store.createRun({ ...runs[0]!, runId: 'new', createdMs: 1 }, []);
    await store.close();
  }
});

test('final segments that were scored before they were counted count all the same', async () => {
  const scored = (id: string, hash: string): string[] => [
    `INSERT INTO pairs VALUES ('${id}', 0, 'eurusd', 'FETCHED', '{"contentSha256":"ab"}', '', 0, 0, 0, 0)`,
    `INSERT INTO tasks VALUES ('${id}', 0, 'eurusd', 15, 'DONE', 1, 0, 0, 't', '', '${hash}', '', NULL, NULL)`,
  ];
  await write([
    ...VERSION_1(''),
    ...[run('first', 1_000, ''), run('again', 2_000, ''), run('other', 3_000, '')],
    ...[...scored('first', 'x'), ...scored('again', 'x'), ...scored('other', 'y')],
    ...['events', 'results', 'ledger'].map(
      (table) => `CREATE TABLE ${table} (run_id VARCHAR, sequence BIGINT)`,
    ),
  ]);
  const store = await Store.open(folder);
  const placeOf = (id: string) =>
    store.readRunTable(async (reader) => (await readScorings(reader, id)).get('eurusd/15'));
  expect([await placeOf('first'), await placeOf('again'), await placeOf('other')]).toEqual([1, 1, 2]);
  // When they were is not known: they count for their dataset alone.
  const times = await store.readRunTable((reader) =>
    reader.runAndReadAll('SELECT source, first_ms, last_ms FROM scorings'),
  );
  expect(times.getRows()).toEqual(Array(2).fill([null, null, null]));
  await store.close();
});

test('the file as it was is kept, so that the coordinator that wrote it can go on', async () => {
  await write([
    ...VERSION_1(''),
    run('mine', 1_000, ''),
    ...['events', 'results', 'ledger'].map(
      (table) => `CREATE TABLE ${table} (run_id VARCHAR, sequence BIGINT)`,
    ),
  ]);
  const before = await tablesOf('coordinator.duckdb');
  await (await Store.open(folder)).close();
  expect(await tablesOf('coordinator.duckdb')).not.toEqual(before);
  expect(await tablesOf('coordinator.duckdb.schema-1')).toEqual(before);
  // The way back, and forward again.
  renameSync(join(folder, 'coordinator.duckdb.schema-1'), join(folder, 'coordinator.duckdb'));
  const again = await Store.open(folder);
  expect((await again.readRunTable(readAllRuns)).map(({ runId }) => runId)).toEqual(['mine']);
  await again.close();
});

test('an upgrade that was undone keeps, when it is made again, what was done in between', async () => {
  const kept = join(folder, 'coordinator.duckdb.schema-1');
  await write([
    ...VERSION_1(''),
    ...['events', 'results', 'ledger'].map(
      (table) => `CREATE TABLE ${table} (run_id VARCHAR, sequence BIGINT)`,
    ),
  ]);
  await (await Store.open(folder)).close();
  // Copied, so that the first one is still there when the next is to be kept.
  copyFileSync(kept, join(folder, 'coordinator.duckdb'));
  await write([run('between', 1_000, '')]);
  const again = await Store.open(folder);
  expect((await again.readRunTable(readAllRuns)).map(({ runId }) => runId)).toEqual(['between']);
  await again.close();
  const instance = await openDuckDb(kept);
  const connection = await instance.connect();
  expect((await connection.runAndReadAll('SELECT run_id FROM runs')).getRows()).toEqual([['between']]);
  connection.closeSync();
  instance.closeSync();
});

/** The columns of all tables and the version in a state file. */
async function tablesOf(name: string): Promise<unknown[]> {
  const instance = await openDuckDb(join(folder, name));
  const connection = await instance.connect();
  const columns = await connection.runAndReadAll(
    'SELECT table_name, column_name, data_type FROM duckdb_columns() ORDER BY ALL',
  );
  const version = await connection.runAndReadAll('SELECT value FROM meta');
  connection.closeSync();
  instance.closeSync();
  return [version.getRows(), columns.getRows()];
}

test('a state file of a newer version is refused, naming both versions', async () => {
  await write([...VERSION_1(''), "UPDATE meta SET value = '99'"]);
  await expect(Store.open(folder)).rejects.toThrow(
    `coordinator.duckdb has schema version 99, this coordinator knows versions up to ${SCHEMA_VERSION}`,
  );
  // The file is left as it was, and free for the coordinator that wrote it.
  await write([]);
});

test('a backup is brought back over a state of a newer version, which is put aside as it is', async () => {
  const store = await Store.open(folder);
  await store.backUp(1_000, 1);
  await store.close();
  await write(["UPDATE meta SET value = '99'"]);
  const { putAside, runs } = await restoreState({ stateDir: folder, nowMs: 2_000 });
  expect(runs).toBe(0);
  expect((await tablesOf(join(basename(putAside), 'coordinator.duckdb')))[0]).toEqual([['99']]);
  await (await Store.open(folder)).close();
});

test('a state that does not exist is damage, not a state', async () => {
  await write([
    ...VERSION_1(''),
    'CREATE TABLE ledger (run_id VARCHAR)',
    run('r', 1, ''),
    "UPDATE runs SET state = 'SLEEPING'",
  ]);
  const store = await Store.open(folder);
  await expect(store.readRunTable(readAllRuns)).rejects.toThrow(
    'the state file has a state "SLEEPING" that does not exist',
  );
  await store.close();
});
