import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDuckDb } from './duckdb/open-duckdb.js';
import { writeParquet } from './write-parquet.js';

const folder = mkdtempSync(join(tmpdir(), 'onescan-parquet-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ROWS = 5000;
const double = Float64Array.from({ length: ROWS }, (_, row) => Math.sin(row));
const integer = Int32Array.from({ length: ROWS }, (_, row) => row % 2);
const time = BigInt64Array.from({ length: ROWS }, (_, row) => 1_700_000_000_000_000n + BigInt(row));
const part = (from: number, to: number) => [time, integer, double].map((values) => values.subarray(from, to));
const content = () => ({
  columns: [
    { name: 'interval_time', type: 'timestamp' as const },
    { name: 'final', type: 'integer' as const },
    { name: 'a "quoted" t.x', type: 'double' as const },
  ],
  parts: [part(0, 3000), part(3000, ROWS)],
  metadata: { pair: 'eurusd', "it's": 'text' },
});

test('writes what can be read back, the same bytes every time, and leaves nothing else', async () => {
  const [one, two] = [join(folder, 'one.parquet'), join(folder, 'two.parquet')];
  await writeParquet(one, content());
  await writeParquet(two, content());
  expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['one.parquet', 'two.parquet']);
  const connection = await (await openDuckDb(':memory:')).connect();
  const sums = await connection.runAndReadAll(
    `SELECT count(*), sum(final), max("a ""quoted"" t.x"), epoch_us(max(interval_time)) FROM '${one}'`,
  );
  expect(sums.getRows()[0]).toEqual([
    BigInt(ROWS),
    BigInt(ROWS / 2),
    Math.max(...double),
    1_700_000_000_000_000n + BigInt(ROWS - 1),
  ]);
  const metadata = await connection.runAndReadAll(
    `SELECT decode(key), decode(value) FROM parquet_kv_metadata('${one}')`,
  );
  expect(Object.fromEntries(metadata.getRows() as [string, string][])).toMatchObject({
    pair: 'eurusd',
    "it's": 'text',
  });
  connection.closeSync();
});
