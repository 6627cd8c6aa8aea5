import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { BigQueryApi } from '@onescan/fetcher/testing/warehouse/bigquery/bigquery-api.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeBigQuery, startFakeBigQuery } from './start-fake-bigquery.js';

const TABLES = 1001;
const BIG_ROWS = 3_000_000;
const MIB = 1024n * 1024n;

let folder: string;
let fake: FakeBigQuery;
let api: BigQueryApi;
let jobs = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-fake-'));
  const databasePath = join(folder, 'tables.duckdb');
  const instance = await openDuckDb(databasePath);
  const connection = await instance.connect();
  await connection.run('CREATE SCHEMA ds; BEGIN');
  for (let i = 0; i < TABLES; i++)
    await connection.run(`CREATE TABLE ds.t${i} (interval_time TIMESTAMP, a DOUBLE)`);
  await connection.run(`CREATE TABLE ds.big AS SELECT TIMESTAMP '2020-01-01' + to_seconds(i) AS interval_time,
    CASE WHEN i % 2 = 0 THEN i END AS half, i % 2 = 0 AS even, 'ab' AS text FROM range(${BIG_ROWS}) t(i); COMMIT`);
  connection.closeSync();
  instance.closeSync();
  fake = await startFakeBigQuery({ databasePath, project: 'my-project', maxPageBytes: 500 });
  process.env.BIGQUERY_EMULATOR_HOST = fake.url;
  api = new BigQueryApi('my-project', 'us-central1', { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 });
});
afterAll(async () => {
  await fake.close();
  rmSync(folder, { recursive: true });
});

const big = (select: string, rest = ''): string =>
  `SELECT ${select} FROM \`my-project\`.\`ds\`.\`big\` ${rest}`;

const bytes = async (sql: string): Promise<bigint> => (await api.dryRun(sql)).bytes;

describe('a dry run', () => {
  it('counts the logical bytes of the columns and days that are read, and runs nothing', async () => {
    const rows = BigInt(BIG_ROWS);
    expect(await bytes(big('`interval_time`'))).toBe(8n * rows);
    expect(await bytes(big('`half`, `even`'))).toBe(4n * rows + rows); // NULL counts nothing
    expect(await bytes(big('`text`'))).toBe(4n * rows);
    expect(await bytes(big('`even`', 'LIMIT 1'))).toBe(rows);
    const day = 86_400n;
    const key = '`interval_time`';
    expect(await bytes(big('`even`', `WHERE DATE(${key}) IN ('2020-01-02', '2020-01-05')`))).toBe(18n * day);
    const hours = `WHERE ${key} >= TIMESTAMP '2020-01-02T10:00:00Z' AND ${key} < TIMESTAMP '2020-01-02T11:00:00Z'`;
    expect(await bytes(big('`even`', hours))).toBe(9n * day);
    // A hash of the key leaves nothing unread.
    const hash = `WHERE FARM_FINGERPRINT(CAST(UNIX_MICROS(${key}) AS STRING)) < 0`;
    expect(await bytes(big('`even`', hash))).toBe(9n * rows);
    expect(fake.jobs()).toEqual([]);
  });

  it.each([
    ['more than 1 MB of text', () => `SELECT 1 AS a -- ${'x'.repeat(1024 * 1024)}`, 'too large'],
    [
      'more than 10,000 columns',
      () => `SELECT ${Array.from({ length: 10_001 }, (_, i) => `1 AS c${i}`)}`,
      'Too many columns',
    ],
    ['more than 1,000 tables', () => tables(TABLES), 'Too many tables'],
    ['a cast that GoogleSQL lacks', () => big('CAST(`even` AS FLOAT64)'), 'Invalid cast'],
    ['a table that is not there', () => 'SELECT a FROM `my-project`.`ds`.`none`', 'none'],
    ['a column that is not there', () => big('`none`'), 'none'],
  ])('refuses %s', async (_, sql, message) => {
    await expect(api.dryRun(sql())).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining(message),
    });
  });

  it('allows 1,000 tables', async () => {
    expect(await bytes(tables(TABLES - 1))).toBe(0n);
  });
});

function tables(count: number): string {
  const from = (i: number): string => `SELECT \`a\` FROM \`my-project\`.\`ds\`.\`t${i}\``;
  return Array.from({ length: count }, (_, i) => from(i)).join(' UNION ALL ');
}

async function run(sql: string, maximumBytesBilled = 10n ** 12n) {
  const jobId = `job-${++jobs}`;
  await api.startQuery({ sql, jobId, maximumBytesBilled, labels: {}, timeoutMs: 10_000 });
  await expect.poll(async () => (await api.getJob(jobId)).status.state).toBe('DONE');
  return api.getJob(jobId);
}

describe('a job', () => {
  it('bills whole MiB and at least 10 a table', async () => {
    const billed = async (sql: string) => BigInt((await run(sql)).statistics!.query!.totalBytesBilled!);
    expect(await billed(big('COUNT(`even`)'))).toBe(10n * MIB);
    expect(await billed(big('COUNT(`interval_time`)'))).toBe(23n * MIB); // 22.9
    expect(await billed(tables(3))).toBe(30n * MIB);
  });

  it('cannot return an array with a NULL in it', async () => {
    const { status } = await run(big('ARRAY<FLOAT64>[`half`] AS list', 'LIMIT 2'));
    expect(status.errorResult).toMatchObject({
      message: expect.stringContaining('Array cannot have a null element'),
    });
  });

  it('sorts NULL first and sends pages of limited size', async () => {
    const job = await run(big('`half`', 'ORDER BY `half`, `interval_time` LIMIT 40'));
    const jobId = `job-${jobs}`;
    expect(job.status.errorResult).toBeUndefined();
    const values: unknown[] = [];
    let pages = 0;
    for (let pageToken: string | undefined, more = true; more; pages++) {
      const page = await api.readPage(jobId, { maxResults: 1000, ...(pageToken ? { pageToken } : {}) });
      values.push(...page.rows!.map(({ f }) => f[0]!.v));
      pageToken = page.pageToken;
      more = pageToken !== undefined;
    }
    expect(values).toEqual(Array.from({ length: 40 }, () => null));
    expect(pages).toBeGreaterThan(1);
  });
});
