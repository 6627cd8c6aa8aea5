import { cpSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DatasetCache } from '../../cache/dataset-cache.js';
import type { CatalogueTable } from '../../catalogue/catalogue.js';
import { CoveringDatasets } from '../../deriving/covering-datasets.js';
import { fetchTiny, openWarehouse, planTiny } from '../../fixtures/plan-and-fetch.js';
import { FEATURES as F, TARGETS as T } from '../../fixtures/small-warehouse.js';
import { buildTinyWarehouse, changeDatabase } from '../../fixtures/tiny-warehouse.js';
import type { EmbeddedWarehouse } from './embedded-warehouse.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let root = '';
let sound = '';
let made = 0;
/** The dataset of the warehouse as it was built. */
let unchanged = '';
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'onescan-changes-'));
  sound = await buildTinyWarehouse(join(root, 'sound'), {
    change: [
      `CREATE TABLE ${F}.odd_eurusd AS SELECT interval_time, sin(bar) AS a, bar % 7 AS b, 'x' || bar % 3 AS c FROM bars`,
      `CREATE TABLE source AS SELECT interval_time, bar * 1.5 AS v FROM bars; CREATE TABLE unread AS FROM source`,
      `CREATE VIEW ${F}.view_eurusd AS WITH w AS (FROM source) SELECT interval_time, v * 2 AS v2 FROM w WHERE v > 3`,
      'CREATE VIEW "odd AS (name" ("interval_time", "AS x") AS SELECT interval_time, v FROM source',
      `CREATE VIEW ${F}.twice_eurusd AS SELECT interval_time, "AS x" FROM "odd AS (name"`,
    ],
  });
  unchanged = await datasetOf(sound);
});
afterAll(() => rmSync(root, { recursive: true }));

const DATABASE = 'warehouse.duckdb';
const copy = (): string => {
  const folder = join(root, `w${made++}`);
  cpSync(sound, folder, { recursive: true });
  return folder;
};
const datasetOf = async (folder: string): Promise<string> =>
  (await planTiny(openWarehouse(folder))).datasetId;

describe('another dataset comes of', () => {
  const odd = `${F}.odd_eurusd`;
  /** One warehouse that is changed again and again, and a fetcher that had it open before. */
  let changing: string;
  let running: EmbeddedWarehouse;
  const before = new Set<string>();
  beforeAll(async () => {
    changing = copy();
    running = openWarehouse(changing);
    before.add(unchanged);
  });

  it('none of what is not read', async () => {
    await changeDatabase(changing, [
      'UPDATE unread SET v = 7',
      'CREATE TABLE another AS SELECT 1 AS x',
      'CHECKPOINT',
    ]);
    expect((await planTiny(running)).datasetId).toBe(unchanged);
    expect(await datasetOf(changing)).toBe(unchanged);
  });

  it.each([
    ['a feature that is updated', `UPDATE ${odd} SET a = 1000 - a`],
    ['one value of it', `UPDATE ${odd} SET a = 0.5 WHERE b = 3 AND c = 'x1' AND a > 0.9`],
    ['its values in another order', `UPDATE ${odd} SET a = n.s FROM (SELECT interval_time AS i, lead(a, 1, -1) OVER (ORDER BY interval_time) AS s FROM ${odd}) n WHERE i = interval_time`],
    ['a text', `UPDATE ${odd} SET c = 'x0' WHERE c = 'x1'`],
    ['a table that is replaced', `CREATE OR REPLACE TABLE ${odd} AS SELECT * REPLACE (-a AS a) FROM ${odd}`],
    ['rows that are deleted and inserted again', `CREATE TABLE o AS FROM ${odd} WHERE b = 2; DELETE FROM ${odd} WHERE b = 2; INSERT INTO ${odd} SELECT * REPLACE (a + 1 AS a) FROM o`],
    ['a type', `ALTER TABLE ${odd} ALTER b TYPE DOUBLE`],
    ['columns that change their names', `ALTER TABLE ${odd} RENAME a TO d; ALTER TABLE ${odd} RENAME b TO a; ALTER TABLE ${odd} RENAME d TO b`],
    ['a target', `UPDATE ${T}.targets_eurusd SET target_bqx45_h60 = 2 * target_bqx45_h60`],
    ['a close', `UPDATE ${F}.base_idx_eurusd SET close_idx = close_idx + 1`],
    ['a view that is defined anew', `CREATE OR REPLACE VIEW ${F}.view_eurusd AS SELECT interval_time, v * 3 AS v2 FROM source WHERE v > 3`],
    ['the table under a view', 'UPDATE source SET v = v + 1 WHERE v = 300'],
    ['the view under a view', 'CREATE OR REPLACE VIEW "odd AS (name" ("interval_time", "AS x") AS SELECT interval_time, -v FROM source'],
  ])('%s', async (_what, sql) => {
    await changeDatabase(changing, [sql]);
    const after = await datasetOf(changing);
    expect(before).not.toContain(after);
    before.add(after);
    expect((await planTiny(running)).datasetId).toBe(after);
  }); // biome-ignore format: a table

  it('which rows are deleted, when as many are left and none is written anew', async () => {
    const ids = await Promise.all(
      [100, 101].map(async (bar) => {
        const folder = copy();
        await changeDatabase(folder, [
          `DELETE FROM ${odd} WHERE interval_time = (SELECT interval_time FROM source WHERE v = ${bar * 1.5})`,
        ]);
        return datasetOf(folder);
      }),
    );
    expect(new Set([...ids, unchanged]).size).toBe(3);
  });

  it('a change that is only in the log beside the file', async () => {
    const folder = copy();
    const instance = await openDuckDb(join(folder, DATABASE));
    const connection = await instance.connect();
    await connection.run("SET checkpoint_threshold = '1TB'");
    await connection.run(`UPDATE ${odd} SET a = 5 WHERE b = 1`);
    const crashed = join(root, 'crashed');
    cpSync(folder, crashed, { recursive: true });
    connection.closeSync();
    instance.closeSync();
    expect(statSync(join(crashed, `${DATABASE}.wal`)).size).toBeGreaterThan(0);
    expect(await datasetOf(crashed)).not.toBe(unchanged);
  });

  it('a macro under a view', async () => {
    const folder = copy();
    await changeDatabase(folder, [
      'CREATE MACRO scaled(x) AS x * 2',
      `CREATE VIEW ${F}.macro_eurusd AS SELECT interval_time, scaled(v) AS v FROM source`,
    ]);
    const before = await datasetOf(folder);
    expect(await datasetOf(folder)).toBe(before);
    await changeDatabase(folder, ['CREATE OR REPLACE MACRO scaled(x) AS x * 3']);
    expect(await datasetOf(folder)).not.toBe(before);
  });
});

it('the same dataset comes of a warehouse that is copied, moved or touched', async () => {
  const folder = copy();
  utimesSync(join(folder, DATABASE), 1, 1);
  const moved = join(root, 'moved');
  renameSync(folder, moved);
  expect(await datasetOf(moved)).toBe(unchanged);
});

it('a plan names the tables that changed since the dataset that would have served', async () => {
  const folder = copy();
  const warehouse = openWarehouse(folder);
  const cacheFolder = join(folder, 'cache');
  await fetchTiny(warehouse, await planTiny(warehouse), cacheFolder);
  const said = async (): Promise<string[]> => {
    const covering = new CoveringDatasets(new DatasetCache(cacheFolder));
    const { held, notes } = await covering.find((await planTiny(warehouse)).facts);
    return held ? ['served'] : notes.map(({ text }) => text);
  };
  expect(await said()).toEqual(['served']);
  await changeDatabase(folder, [`UPDATE ${F}.odd_eurusd SET a = -a`]);
  expect(await said()).toEqual([
    expect.stringMatching(/^dataset [0-9a-f]{12} is from before table odd_eurusd changed$/),
  ]);
  await changeDatabase(folder, [
    `UPDATE ${T}.targets_eurusd SET target_bqx45_h60 = 1; UPDATE ${F}.base_idx_eurusd SET close_idx = 5; UPDATE source SET v = -v`,
  ]);
  expect(await said()).toEqual([
    expect.stringMatching(
      /is from before 5 tables \(targets_eurusd, base_idx_eurusd, odd_eurusd, ...\) changed$/,
    ),
  ]);
});

it('names the tables that changed since they were planned, and no dataset is made of two states', async () => {
  const folder = copy();
  const warehouse = openWarehouse(folder);
  const tables: CatalogueTable[] = [...(await warehouse.readCatalogue()).tables];
  expect(await warehouse.findChanged(tables)).toEqual([]);
  const planned = await planTiny(warehouse);
  await changeDatabase(folder, ['UPDATE source SET v = v + 1']);
  const changed = (await warehouse.findChanged(tables)).map(({ name }) => name);
  expect(changed).toEqual(['twice_eurusd', 'view_eurusd', 'odd AS (name', 'source']);
  await expect(fetchTiny(warehouse, planned, join(folder, 'cache'))).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringMatching(/twice_eurusd and .*view_eurusd changed while eurusd was fetched/),
  });
});
