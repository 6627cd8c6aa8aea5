import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openConfinedDuckDb, openDuckDb } from './open-duckdb.js';

const folder = mkdtempSync(join(tmpdir(), 'onescan-open-duckdb-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Opens a file twice in a process of its own, to write and to read, and says what its sessions make of an instant. */
const CODE = `
import { openDuckDb } from '${new URL('../../dist/duckdb/open-duckdb.js', import.meta.url).href}';
const [path] = process.argv.slice(1);
const writer = await openDuckDb(path);
await (await writer.connect()).run("CREATE TABLE t AS SELECT TIMESTAMPTZ '2024-07-01 01:30:00+00' AS k");
writer.closeSync();
const reader = await openDuckDb(path, { access_mode: 'READ_ONLY', enable_external_access: 'false' });
for (let i = 0; i < 2; i++) {
  const rows = await (await reader.connect()).runAndReadAll(
    "SELECT current_setting('TimeZone'), CAST(k AS DATE)::VARCHAR, k::VARCHAR, k = TIMESTAMP '2024-07-01 01:30:00' FROM t");
  console.log(JSON.stringify(rows.getRows()[0]));
}`;

it.each(['UTC', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia', 'No/Such_Zone'])(
  'every session of a process in %s is in UTC',
  (zone) => {
    const path = join(folder, `${zone.replace('/', '-')}.duckdb`);
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', CODE, '--', path], {
      env: { ...process.env, TZ: zone, PGTZ: zone, LC_ALL: 'ar_SA.UTF-8' },
      encoding: 'utf8',
    });
    const session = '["UTC","2024-07-01","2024-07-01 01:30:00+00",true]';
    expect(printed.trim().split('\n')).toEqual([session, session]);
  },
);

it('a confined file writes below its folders alone, and cannot free itself', async () => {
  const path = join(folder, 'foreign.duckdb');
  (await openDuckDb(path)).closeSync();
  const own = join(folder, 'own');
  mkdirSync(own);
  const instance = await openConfinedDuckDb(path, {}, [own]);
  const connection = await instance.connect();
  const copy = (to: string): Promise<unknown> => connection.run(`COPY (SELECT 1 AS a) TO '${to}'`);
  await copy(join(own, 'a.csv'));
  await expect(copy(join(folder, 'b.csv'))).rejects.toThrow('file system operations are disabled');
  await expect(copy(join(own, '..', 'b.csv'))).rejects.toThrow('file system operations are disabled');
  await expect(connection.run('SET GLOBAL enable_external_access = true')).rejects.toThrow();
  await expect(connection.run(`SET GLOBAL allowed_directories = ['${folder}']`)).rejects.toThrow();
  expect(existsSync(join(folder, 'b.csv'))).toBe(false);
  connection.closeSync();
  instance.closeSync();
});
