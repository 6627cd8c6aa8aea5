import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { fetchTiny, openWarehouse, planTiny } from '../../fixtures/plan-and-fetch.js';
import { FEATURES as F, TARGETS as T } from '../../fixtures/small-warehouse.js';
import { buildTinyWarehouse } from '../../fixtures/tiny-warehouse.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let root = '';
let address = '';
let asked = 0;
const web = createServer((_request, response) => {
  asked++;
  response.end('a\n1\n');
});
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'onescan-outside-'));
  writeFileSync(join(root, 'x.csv'), 'a\n1\n');
  const other = await openDuckDb(join(root, 'other.duckdb'));
  const connection = await other.connect();
  await connection.run(`CREATE TABLE t AS SELECT 1 AS a; COPY t TO '${join(root, 'x.parquet')}'`);
  connection.closeSync();
  other.closeSync();
  await new Promise<void>((done) => web.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
});
afterAll(() => {
  web.close();
  rmSync(root, { recursive: true });
});

it('a view that reads anything but the warehouse costs itself, and says why', async () => {
  const file = (name: string): string => `'${join(root, name)}'`;
  const sources: Record<string, string> = {
    csv: `read_csv(${file('x.csv')})`,
    parquet: `read_parquet(${file('x.parquet')})`,
    bare: file('x.csv'),
    text: `(SELECT length(content) AS a FROM read_text(${file('x.csv')}))`,
    bytes: `(SELECT size AS a FROM read_blob(${file('x.csv')}))`,
    names: `(SELECT length(file) AS a FROM glob(${file('*')}))`,
    footer: `(SELECT num_values AS a FROM parquet_metadata(${file('x.parquet')}))`,
    built: `query('SELECT a FROM read_csv(' || chr(39) || ${file('x.csv')} || chr(39) || ')')`,
    macro: `reads(${file('x.csv')})`,
  };
  const folder = await buildTinyWarehouse(join(root, 'w'), {
    change: [
      'CREATE MACRO reads(path) AS TABLE SELECT a FROM read_csv(path)',
      ...Object.entries(sources).map(
        ([name, source]) =>
          `CREATE VIEW ${F}.${name}_eurusd AS SELECT b.interval_time, x.a FROM ${F}.mom_eurusd b, (SELECT a FROM ${source} LIMIT 1) x`,
      ),
    ],
  });
  const warehouse = openWarehouse(folder);
  const planned = await planTiny(warehouse);
  const reasons = new Map(
    planned.universe.columns.map(({ featureId, exclusion }) => [featureId, JSON.stringify(exclusion)]),
  );
  for (const name of Object.keys(sources)) {
    expect(reasons.get(`${name}_eurusd.a`), name).toMatch(
      /cannot be read: it needs \\".*\/(?:x\.\w+|\*)\\", and nothing outside the warehouse's own file is read/,
    );
  }
  const fetched = await fetchTiny(warehouse, planned, join(folder, 'cache'));
  expect([...fetched.values.keys()]).toContain('mom_eurusd.roc');
  expect([...fetched.values.keys()].filter((id) => id.endsWith('.a'))).toEqual([]);
});

it('a target that is read from a file is refused with that reason', async () => {
  const folder = await buildTinyWarehouse(join(root, 'targets'), {
    change: [
      `CREATE TABLE kept AS FROM ${T}.targets_eurusd; DROP TABLE ${T}.targets_eurusd`,
      `COPY kept TO '${join(root, 'targets.parquet')}'`,
      `CREATE VIEW ${T}.targets_eurusd AS FROM '${join(root, 'targets.parquet')}'`,
    ],
  });
  await expect(planTiny(openWarehouse(folder))).rejects.toMatchObject({
    message: expect.stringMatching(/targets_eurusd.*targets\.parquet.*outside the warehouse/),
  });
});

it('statements of the warehouse reach no file, address, extension or setting', async () => {
  const folder = await buildTinyWarehouse(join(root, 'direct'));
  const warehouse = openWarehouse(folder);
  const run = async (sql: string): Promise<void> => {
    for await (const _ of warehouse.readFree({ sql, reads: [] })) {
      // Drained for what it does.
    }
  };
  for (const sql of [
    `ATTACH '${join(root, 'other.duckdb')}' AS o`,
    `COPY (SELECT 1) TO '${join(root, 'written.csv')}'`,
    `EXPORT DATABASE '${join(root, 'exported')}'`,
    `SELECT * FROM read_csv('${address}/x.csv')`,
    `SELECT * FROM read_csv('s3://bucket/x.csv')`,
    'INSTALL httpfs',
    'LOAD httpfs',
    'SET enable_external_access = true',
    "SET memory_limit = '1TB'",
    "SET temp_directory = '/tmp'",
  ]) {
    await expect(run(sql), sql).rejects.toThrow();
  }
  expect(asked).toBe(0);
  await run('SELECT 1 AS a');
});
