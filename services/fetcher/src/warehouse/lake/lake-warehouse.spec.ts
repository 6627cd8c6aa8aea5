import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { exportLake } from '@onescan/warehouse/lake/export-lake.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentOf, FetcherHarness } from '../../fixtures/fetcher-harness.js';
import { buildSmallWarehouse, FEATURES, TARGETS } from '../../fixtures/small-warehouse.js';

const SPEC = RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 900 } });

let folder: string;
let warehouse: string;
let lake: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-lake-'));
  warehouse = await buildSmallWarehouse(join(folder, 'embedded'));
  lake = join(folder, 'lake');
  await exportLake({ warehouse, out: lake });
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;

/** A fetcher of its own, with a cache of its own. */
async function withFetcher<T>(
  address: string,
  use: (fetcher: FetcherHarness) => Promise<T>,
  ...flags: string[]
): Promise<T> {
  const fetcher = await FetcherHarness.start(address, join(folder, `cache-${++count}`), ...flags);
  try {
    return await use(fetcher);
  } finally {
    await fetcher.stop();
  }
}

/** A copy of the lake that can be changed. */
function copyOfLake(): string {
  const copy = join(folder, `copy-${++count}`);
  cpSync(lake, copy, { recursive: true });
  return copy;
}

describe('a lake that was exported from an embedded warehouse', () => {
  it('gives its plan and its dataset, value by value, under the same id', async () => {
    const [embedded, exported] = await Promise.all(
      [warehouse, `lake:${lake}`].map((address) =>
        withFetcher(address, async (fetcher) => {
          const plan = await fetcher.plan(SPEC);
          const { ref } = await fetcher.fetch(SPEC, plan);
          return { plan, ref, content: await contentOf(ref) };
        }),
      ),
    );
    const sql = [embedded, exported].map((made) => made!.plan.statements.map(({ sqlSha256 }) => sqlSha256));
    expect(sql[1]).toEqual(sql[0]);
    expect(exported!.plan.datasetId).toBe(embedded!.plan.datasetId);
    expect(exported!.plan.exclusions).toEqual(embedded!.plan.exclusions);
    expect(exported!.plan.notes).toEqual(embedded!.plan.notes);
    expect(exported!.content).toEqual(embedded!.content);
    expect(exported!.ref.bytesBilled).toBe(exported!.plan.bytes);
  });

  it('costs the column chunks that are read, and dollars only at a price', async () => {
    const plan = await withFetcher(`lake:${lake}`, (fetcher) => fetcher.plan(SPEC));
    expect(plan.bytes).toBe(await chunksOf(plan.exclusions.map(({ featureId }) => featureId)));
    expect(plan.usd).toBe(0);
    const priced = await withFetcher(`lake:${lake}`, (fetcher) => fetcher.plan(SPEC), '--price-per-tib', '5');
    expect(priced.usd).toBeCloseTo((Number(plan.bytes) / 2 ** 40) * 5, 15);
    const approved = { maximumBytesBilled: [plan.bytes - 1n] };
    await withFetcher(`lake:${lake}`, async (fetcher) => {
      await expect(fetcher.fetch(SPEC, plan, approved)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    });
  });

  it('is the same wherever it lies, and another when a byte of its content is', async () => {
    const id = (address: string) =>
      withFetcher(`lake:${address}`, async (fetcher) => (await fetcher.plan(SPEC)).datasetId);
    const copy = copyOfLake();
    expect(await id(copy)).toBe(await id(lake));
    const file = join(copy, FEATURES, 'mom_eurusd.parquet');
    await rewrite(file, 'SELECT * REPLACE (-roc AS roc)');
    expect(await id(copy)).not.toBe(await id(lake));
  });
});

it('a lake that changes after its plan is not fetched, nor one that changes without another size or time', async () => {
  const copy = copyOfLake();
  const file = join(copy, FEATURES, 'mom_eurusd.parquet');
  await withFetcher(`lake:${copy}`, async (fetcher) => {
    const plan = await fetcher.plan(SPEC);
    const { atime, mtime } = statSync(file);
    const bytes = readFileSync(file);
    // The writer's name in the footer: no value changes, but the content does.
    bytes.write('Onescan', bytes.lastIndexOf('DuckDB'));
    writeFileSync(file, bytes);
    utimesSync(file, atime, mtime);
    await expect(fetcher.fetch(SPEC, plan)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    const again = await fetcher.plan(SPEC);
    expect(again.datasetId).not.toBe(plan.datasetId);
    await fetcher.fetch(SPEC, again);
  });
});

it('a partitioned table has the rows of the whole, and its partitions as columns', async () => {
  const copy = copyOfLake();
  const file = join(copy, FEATURES, 'mom_eurusd.parquet');
  await run(
    `COPY (SELECT *, CAST(day(interval_time) AS INTEGER) AS day_of FROM '${file}')
     TO '${join(copy, FEATURES, 'mom_eurusd')}' (FORMAT parquet, PARTITION_BY (day_of))`,
  );
  rmSync(file);
  const content = async (address: string) =>
    withFetcher(`lake:${address}`, async (fetcher) => {
      const plan = await fetcher.plan(SPEC);
      const { columns } = (await contentOf((await fetcher.fetch(SPEC, plan)).ref)) as {
        columns: { featureId: string }[];
      };
      return columns.filter(({ featureId }) => featureId.startsWith('mom_eurusd.'));
    });
  const [whole, parted] = [await content(lake), await content(copy)];
  const own = ({ featureId }: { featureId: string }) => featureId !== 'mom_eurusd.day_of';
  const values = (columns: object[]) =>
    columns.map(({ ...column }) => ({ ...column, ordinal: 0, position: 0 }));
  expect(parted).toHaveLength(whole.length + 1);
  expect(values(parted.filter(own))).toEqual(values(whole));
});

/** Compressed bytes of the columns that a plan of eurusd reads. */
async function chunksOf(excluded: readonly string[]): Promise<bigint> {
  const pair = [
    'base_idx_eurusd',
    'base_bqx_eurusd',
    'mom_eurusd',
    'tri_error',
    'tri_late',
    'mkt_vix',
    'var_usd',
    'csi_usd',
  ];
  let total = 0n;
  for (const [schema, table] of [[TARGETS, 'targets_eurusd'], ...pair.map((name) => [FEATURES, name])]) {
    const rows = await run(
      `SELECT path_in_schema, sum(total_compressed_size)::BIGINT FROM parquet_metadata('${join(lake, schema!, `${table}.parquet`)}') GROUP BY 1`,
    );
    const read = rows.filter(([column]) => !excluded.includes(`${table}.${column}`));
    for (const [, bytes] of read) total += BigInt(bytes as bigint);
  }
  return total;
}

async function rewrite(file: string, select: string): Promise<void> {
  await run(`COPY (${select} FROM '${file}') TO '${file}.new' (FORMAT parquet)`);
  cpSync(`${file}.new`, file);
  rmSync(`${file}.new`);
}

async function run(sql: string): Promise<unknown[][]> {
  const instance = await openDuckDb(':memory:');
  try {
    const connection = await instance.connect();
    return (await connection.runAndReadAll(sql)).getRows();
  } finally {
    instance.closeSync();
  }
}
