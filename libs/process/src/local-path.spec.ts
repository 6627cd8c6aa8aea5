import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveDatabaseFolder, resolveLocalPath } from './local-path.js';

let root = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'onescan-path-'));
});

afterAll(() => rmSync(root, { recursive: true }));

const named = (value: string, cwd = root): { name: string; value: string; cwd: string } => ({
  name: '--out',
  value,
  cwd,
});

/** Writes a database in the folder, as the build and the services do. */
async function writeDatabase(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const instance = await openDuckDb(join(folder, 'a.duckdb'));
  const connection = await instance.connect();
  try {
    await connection.run('CREATE OR REPLACE TABLE t AS SELECT 1 AS x');
    await connection.run('CHECKPOINT');
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe('a folder for databases', () => {
  it.each([
    'plain',
    'a b',
    'a*b',
    'a[1]',
    '{a,b}',
    'a%20b',
    'a#b',
    "it's",
    'a"b',
    'volume=7',
    'a;b',
    'é',
    '~',
    's3:',
    'x.wal',
  ])('may be called %s, and a database can be written there', async (name) => {
    const folder = resolveDatabaseFolder(named(join(name, 'w')));
    expect(folder).toBe(join(root, name, 'w'));
    expect(existsSync(folder)).toBe(false);
    await writeDatabase(folder);
  });

  it('has no question mark in its path, for DuckDB cannot write there', async () => {
    expect(() => resolveDatabaseFolder(named('what?/w'))).toThrow(/--out has a "\?" in its path/);
    expect(() => resolveDatabaseFolder(named('w', join(root, 'cwd?')))).toThrow(/"\?"/);
    await expect(writeDatabase(join(root, 'what?', 'w'))).rejects.toThrow();
  });

  it.each(['', '  '])('is not empty: %j', (value) => {
    expect(() => resolveDatabaseFolder(named(value))).toThrow('--out is empty');
  });

  it.each([
    's3://bucket/w',
    'http://host/w',
    'https://host/w',
    'gs://b/w',
    'file:///tmp/w',
    'file:w',
    'S3://b',
  ])('is no address: %s', (value) => {
    expect(() => resolveLocalPath(named(value))).toThrow(`--out is an address, not a path: ${value}`);
    expect(() => resolveDatabaseFolder(named(value))).toThrow('is an address');
  });

  it('is no file, and not below one', () => {
    writeFileSync(join(root, 'file'), '');
    for (const value of ['file', 'file/w']) {
      expect(() => resolveDatabaseFolder(named(value))).toThrow(`${join(root, 'file')} is a file`);
    }
  });

  it('can be written to', () => {
    const locked = join(root, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    // The superuser may write anywhere but where the system itself refuses.
    const superuser = process.getuid?.() === 0;
    if (superuser && !existsSync('/proc')) return;
    let code: unknown;
    try {
      resolveDatabaseFolder(named(superuser ? '/proc/w' : 'locked/w'));
    } catch (thrown) {
      code = (thrown as { code: string }).code;
    }
    expect(code).toBe('FAILED_PRECONDITION');
  });
});
