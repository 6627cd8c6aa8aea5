import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type DuckDb, openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { literal } from '../../column.js';
import { errorOf } from '../../testing/read-bars.js';
import { VALUES } from '../bar-columns.js';
import { type BarReading, barReader } from '../bar-reading.js';
import { checkBars } from '../check-bars.js';
import { readParquet } from './read-parquet.js';

let root = '';
let file = '';
let instance: DuckDb;
let connection: DuckDBConnection;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'onescan-parquet-'));
  file = join(root, 'eurusd.parquet');
  instance = await openDuckDb(':memory:');
  connection = await instance.connect();
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
  rmSync(root, { recursive: true });
});

async function write(select: string, path = file): Promise<void> {
  await connection.run(`COPY (${select}) TO ${literal(path)} (FORMAT parquet)`);
}

/** One bar whose time is this expression. */
const bar = (time: string): string =>
  `SELECT ${time} AS time, 1.1 AS open, 1.3 AS high, 1.0 AS low, 1.2 AS close, 7 AS volume`;

async function read(reading: BarReading = {}, path = file): Promise<unknown[]> {
  const { columns } = await readParquet(connection, path, barReader(reading));
  return Array.from({ length: columns.rows }, (_, row) => [
    columns.time[row]! / 1000,
    ...VALUES.map((name) => columns.column(name)[row]!),
  ]);
}

const MIDNIGHT = Date.UTC(2024, 1, 1);

describe('times of a Parquet file', () => {
  it.each([
    "TIMESTAMP '2024-02-01'",
    "'2024-02-01'::TIMESTAMP_S",
    "'2024-02-01'::TIMESTAMP_MS",
    "'2024-02-01'::TIMESTAMP_NS",
    "TIMESTAMPTZ '2024-02-01 02:00:00+02'",
    "DATE '2024-02-01'",
    "'2024-02-01 00:00:00'",
    "'2024-02-01T01:00:00+01:00'",
    '1706745600',
    '1706745600000::BIGINT',
    '1706745600000000::BIGINT',
    '1706745600000000000::BIGINT',
    '1706745600000000000::UBIGINT',
  ])('may be %s', async (time) => {
    await write(bar(time));
    expect(await read()).toEqual([[MIDNIGHT, 1.1, 1.3, 1, 1.2, 7]]);
  });

  it('are of the zone that is given, unless they are instants', async () => {
    for (const time of ["TIMESTAMP '2024-02-01'", "DATE '2024-02-01'", "'2024-02-01'"]) {
      await write(bar(time));
      expect((await read({ timeZone: 'Europe/Athens' }))[0]).toContain(MIDNIGHT - 7_200_000);
    }
    for (const time of ["TIMESTAMPTZ '2024-02-01 00:00:00+00'", '1706745600']) {
      await write(bar(time));
      expect((await read({ timeZone: 'Europe/Athens' }))[0]).toContain(MIDNIGHT);
    }
  });

  it.each([
    ["TIME '12:00:00'", 'column time is TIME'],
    ["{'a': 1}", 'column time is STRUCT'],
    ['1706745600.0::DOUBLE', 'column time is DOUBLE'],
    ["'02/01/2024'", '2024-02-01 00:00:00 (%m/%d/%Y)'],
    ['20240201', '2024-02-01 00:00:00 (%Y%m%d)'],
    ['NULL::VARCHAR', 'bar 1 has an empty time'],
    ['NULL::BIGINT', 'bar 1 has an empty time'],
  ])('may not be %s', async (time, message) => {
    await write(bar(time));
    expect(await errorOf(() => read())).toContain(message);
  });

  it.each([
    ["TIMESTAMP 'infinity'", 'not between 1970 and tomorrow: Infinity (bar 1 of 1)'],
    ["TIMESTAMP '-infinity'", 'not between 1970 and tomorrow: Infinity (bar 1 of 1)'],
    ["DATE 'infinity'", 'not between 1970 and tomorrow'],
    ["TIMESTAMPTZ 'infinity'", 'not between 1970 and tomorrow'],
    ["TIMESTAMP '0001-02-01'", 'not between 1970 and tomorrow: 0001-02-01 00:00:00'],
    ["TIMESTAMP '1969-12-31 23:59:59'", '1969-12-31 23:59:59'],
    ["TIMESTAMP '2924-02-01'", '2924-02-01'],
    ["TIMESTAMP '290000-02-01'", 'not between 1970 and tomorrow'],
    ['NULL::TIMESTAMP', 'has an empty time'],
  ])('are not %s', async (time, message) => {
    await write(bar(time));
    const { latest } = barReader();
    const check = async (): Promise<unknown> =>
      checkBars(await readParquet(connection, file, barReader()), file, latest);
    expect(await errorOf(check)).toContain(message);
  });
});

describe('columns of a Parquet file', () => {
  it('are of any number type, found by any capitalisation', async () => {
    await write(`SELECT 1::SMALLINT AS Volume, TIMESTAMP '2024-02-01' AS TIME, 1.5::FLOAT AS Open, 2::HUGEINT AS high,
      1::UTINYINT AS low, 1.25::DECIMAL(18, 6) AS close, {'open': 1, 'time': [1]} AS nested, 'x' AS filename`);
    expect(await read()).toEqual([[MIDNIGHT, 1.5, 2, 1, 1.25, 1]]);
  });

  it.each([
    ["'1.1' AS open", 'column open is VARCHAR, not a number'],
    ['[1.1] AS open', 'column open is DECIMAL(2,1)[], not a number'],
    ["{'v': 1.1} AS open", 'column open is STRUCT'],
    ['true AS open', 'column open is BOOLEAN'],
    ['1.1 AS opening', 'has no column open'],
  ])('are not %s', async (column, message) => {
    await write(bar("TIMESTAMP '2024-02-01'").replace('1.1 AS open', column));
    expect(await errorOf(() => read())).toContain(message);
  });

  it('are there once', async () => {
    // DuckDB writes no such file; one letter changed in its bytes makes one.
    await write(
      `SELECT 1 AS oren, * FROM (${bar("TIMESTAMP '2024-02-01'").replace('AS open', 'AS "Open"')})`,
    );
    writeFileSync(file, readFileSync(file, 'latin1').replaceAll('oren', 'open'), 'latin1');
    expect(await errorOf(() => read())).toContain('has 2 columns open: open, Open');
  });

  it('has no CSV format', async () => {
    await write(bar("TIMESTAMP '2024-02-01'"));
    expect(await errorOf(() => read({ format: 'histdata' }))).toContain(
      '--bars-format histdata is of CSV files',
    );
  });

  it('is Parquet', async () => {
    for (const content of ['', 'not parquet', 'PAR1PAR1']) {
      const other = join(root, 'other.parquet');
      writeFileSync(other, content);
      expect(await errorOf(() => read({}, other))).toContain(`${other} cannot be read as Parquet`);
    }
  });

  it('is read back as it was written', async () => {
    const values = fc.tuple(
      ...Array.from({ length: 5 }, () => fc.double({ noNaN: true, noDefaultInfinity: true })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(values, { minLength: 1, maxLength: 20 }), async (bars) => {
        const rows = bars.map((row, i) => `(${i}, ${row.map((value) => `'${value}'::DOUBLE`).join(', ')})`);
        await write(`SELECT make_timestamp(k * 60000000) AS time, open, high, low, close, volume
          FROM (VALUES ${rows.join(', ')}) v(k, open, high, low, close, volume) ORDER BY k`);
        expect(await read()).toEqual(bars.map((row, i) => [i * 60_000, ...row.map((value) => value + 0)]));
      }),
      { numRuns: 20 },
    );
  });
});

describe('paths', () => {
  it('are refused where no pattern matches them alone', async () => {
    expect(await errorOf(() => read({}, join(root, 'a\\[b]', 'x.parquet')))).toContain(
      'has a backslash and one of',
    );
  });

  it.each([
    'bars[1]',
    'bars?',
    'bars*',
    '**',
    '{a,b}',
    'volume=7',
    'a\\b',
    "it's",
    '[!a]',
    '[]',
    ']',
    'a%20b',
    '#',
    'http:',
    's3:',
    'é b',
  ])('are read literally: %s', async (name) => {
    const others = ['bars1', 'barsx', 'a', 'b', 'bars'];
    for (const [i, folder] of [...others, name].entries()) {
      mkdirSync(join(root, folder), { recursive: true });
      await write(
        bar("TIMESTAMP '2024-02-01'").replace('7 AS volume', `${i} AS volume`),
        join(root, folder, 'x.parquet'),
      );
    }
    expect(await read({}, join(root, name, 'x.parquet'))).toEqual([
      [MIDNIGHT, 1.1, 1.3, 1, 1.2, others.length],
    ]);
  });
});
