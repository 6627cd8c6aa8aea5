import { execFile } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DatabaseFile } from './database-file.js';

let folder: string;
let path: string;
let file: DatabaseFile;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-database-file-'));
  path = join(folder, 'warehouse.duckdb');
  await write(path, 1);
  file = new DatabaseFile(path, {});
});
afterEach(async () => {
  await file.close();
  rmSync(folder, { recursive: true });
});

async function write(to: string, value: number): Promise<void> {
  const instance = await openDuckDb(to);
  const connection = await instance.connect();
  await connection.run(`CREATE OR REPLACE TABLE numbers AS SELECT ${value} AS value`);
  connection.closeSync();
  instance.closeSync();
}

const read = (): Promise<unknown> =>
  file.use(async (connection) => (await connection.runAndReadAll('FROM numbers')).getRows()[0]![0]);

it('answers from the file as it is now, written to or replaced a moment after the last answer', async () => {
  expect(await read()).toBe(1);
  await write(path, 2);
  expect(await read()).toBe(2);
  await write(join(folder, 'other'), 3);
  renameSync(join(folder, 'other'), path);
  expect(await Promise.all([read(), read()])).toEqual([3, 3]);
});

it('finishes a statement on the file that it began on', async () => {
  const connection = await file.acquire();
  await write(join(folder, 'other'), 2);
  renameSync(join(folder, 'other'), path);
  expect(await read()).toBe(2);
  expect((await connection.runAndReadAll('FROM numbers')).getRows()).toEqual([[1]]);
  await file.release(connection);
  expect(await read()).toBe(2);
});

it('leaves the file to other processes soon after the last answer', async () => {
  expect(await read()).toBe(1);
  const script = `import { DuckDBInstance } from '@duckdb/node-api';
    const connection = await (await DuckDBInstance.create(process.argv[1])).connect();
    await connection.run('UPDATE numbers SET value = 4');
    connection.closeSync();`;
  await sleep(300);
  const cwd = import.meta.dirname;
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script, path], { cwd });
  expect(await read()).toBe(4);
});
