import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { exportLake } from '@onescan/warehouse/lake/export-lake.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_WAREHOUSE_NAMES as names } from '../../catalogue/warehouse-names.js';
import { fetchTiny, planTiny } from '../../fixtures/plan-and-fetch.js';
import { FEATURES, TARGETS } from '../../fixtures/small-warehouse.js';
import { buildTinyWarehouse } from '../../fixtures/tiny-warehouse.js';
import { LakeDatabase } from './lake-database.js';
import { folderLocation } from './lake-store.js';
import { LakeWarehouse } from './lake-warehouse.js';

let folder: string;
let exported: string;
let lake: string;
let feature: string;
let count = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-lake-faults-'));
  exported = join(folder, 'exported');
  await exportLake({ warehouse: await buildTinyWarehouse(join(folder, 'embedded')), out: exported });
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  lake = join(folder, `lake-${++count}`);
  cpSync(exported, lake, { recursive: true });
  feature = join(lake, FEATURES, 'mom_eurusd.parquet');
});

async function withLake<T>(use: (warehouse: LakeWarehouse) => Promise<T>, at = lake): Promise<T> {
  const tempFolder = join(folder, `tmp-${count}`);
  const location = folderLocation(at);
  const warehouse = new LakeWarehouse({ location, names, tempFolder, memoryLimit: '512MB' });
  try {
    return await use(warehouse);
  } finally {
    await warehouse.close();
  }
}

/** Replaces the feature table by a folder of files. */
async function asFolder(...selects: string[]): Promise<string> {
  const parts = join(lake, FEATURES, 'mom_eurusd');
  mkdirSync(parts);
  for (const [i, select] of selects.entries()) {
    await run(`COPY (${select} FROM '${feature}') TO '${join(parts, `part-${i}.parquet`)}' (FORMAT parquet)`);
  }
  rmSync(feature);
  return parts;
}

const FAULTS: [what: string, make: () => Promise<unknown> | unknown, reason: string | object][] = [
  ['a file that is cut off', () => truncateSync(feature, 2000), 'No magic bytes found at end of file'],
  ['an empty file', () => truncateSync(feature, 0), 'too small to be a Parquet file'],
  ['another file of that name', () => writeFileSync(feature, 'a,b\n1,2\n'.repeat(99)), 'No magic bytes'],
  [
    'a link',
    () => {
      renameSync(feature, join(folder, `outside-${count}.parquet`));
      symlinkSync(join(folder, `outside-${count}.parquet`), feature);
    },
    'which is not followed',
  ],
  [
    'a link to a folder',
    () => {
      rmSync(feature);
      symlinkSync(join(exported, FEATURES), join(lake, FEATURES, 'mom_eurusd'));
    },
    'which is not followed',
  ],
  [
    'an empty folder',
    () => {
      rmSync(feature);
      mkdirSync(join(lake, FEATURES, 'mom_eurusd'));
    },
    'holds no Parquet file',
  ],
  [
    'files of two schemas',
    () => asFolder('SELECT *', 'SELECT * REPLACE (CAST(roc AS FLOAT) AS roc)'),
    'part-0.parquet has roc DOUBLE, part-1.parquet has roc FLOAT',
  ],
  [
    'a file without one of the columns',
    () => asFolder('SELECT *', 'SELECT * EXCLUDE (regime)'),
    'part-0.parquet has regime VARCHAR, part-1.parquet has no further column',
  ],
  [
    'a file of another kind among its own',
    async () => writeFileSync(join(await asFolder('SELECT *'), 'part-1.csv'), 'a,b\n'),
    'holds part-1.csv, which is not named as a Parquet file',
  ],
  [
    'a folder that is no partition',
    async () => mkdirSync(join(await asFolder('SELECT *'), 'more')),
    'holds the folder more, which is not named column=value',
  ],
  [
    'partitions beside whole files',
    async () => {
      const parts = await asFolder('SELECT *', 'SELECT *');
      mkdirSync(join(parts, 'year=2024'));
      renameSync(join(parts, 'part-1.parquet'), join(parts, 'year=2024', 'part-1.parquet'));
    },
    'has files in other folders than column=value',
  ],
  [
    'a partition that is a column too',
    async () => {
      const parts = await asFolder('SELECT *');
      mkdirSync(join(parts, 'ROC=1'));
      renameSync(join(parts, 'part-0.parquet'), join(parts, 'ROC=1', 'part-0.parquet'));
    },
    'has ROC both in the names of its folders and in its files',
  ],
  [
    'more files than a statement can open',
    async () => {
      const parts = await asFolder('SELECT *');
      for (let i = 0; i < 10_000; i++) writeFileSync(join(parts, `empty-${i}.parquet`), '');
    },
    'holds 10001 files, 10000 are the most',
  ],
  ['a table without key', () => rewrite('SELECT * EXCLUDE (interval_time)'), { key: 'interval_time' }],
  [
    'a key that is no time',
    () => rewrite('SELECT * REPLACE (epoch_us(interval_time) AS interval_time)'),
    { key: 'interval_time', type: 'BIGINT' },
  ],
];

describe('a table that cannot be read costs itself, and says why before anything is spent', () => {
  it.each(FAULTS)('%s', async (_what, make, reason) => {
    await make();
    await withLake(async (warehouse) => {
      const planned = await planTiny(warehouse);
      const why = planned.notes
        .map((note) => note.why)
        .find((why) => JSON.stringify(why?.facts).includes('mom_eurusd'));
      expect(why).toMatchObject(
        typeof reason === 'string'
          ? { code: 'table_that_cannot_be_read', facts: { problem: expect.stringContaining(reason) } }
          : { code: 'table_without_key', facts: reason },
      );
      const read = planned.statements.flatMap(({ query }) => query.tables.map(({ table }) => table.name));
      expect(read).toEqual(['base_idx_eurusd']);
    });
  });

  it.each([
    ['cut off', () => truncateSync(join(lake, TARGETS, 'targets_eurusd.parquet'), 2000), 'No magic bytes'],
    ['not there', () => rmSync(join(lake, TARGETS, 'targets_eurusd.parquet')), 'there is no targets table'],
  ])('targets that are %s end the plan', async (_what, make, reason) => {
    make();
    await withLake((warehouse) => expect(planTiny(warehouse)).rejects.toThrow(reason));
  });
});

it('pages that are damaged end the fetch, and it says that the lake is at fault', async () => {
  const random = 'SELECT * REPLACE (random() AS roc)';
  await rewrite(random);
  const damaged = await run(
    `SELECT data_page_offset + total_compressed_size // 2 FROM parquet_metadata('${feature}') WHERE path_in_schema = 'steps'`,
  );
  const file = openSync(feature, 'r+');
  writeSync(file, Buffer.alloc(64, 0xa5), 0, 64, Number(damaged[0]![0]));
  closeSync(file);
  await withLake(async (warehouse) => {
    const planned = await planTiny(warehouse);
    await expect(fetchTiny(warehouse, planned, join(folder, `cache-${count}`))).rejects.toMatchObject({
      code: 'DATA_LOSS',
      message: expect.stringContaining('mom_eurusd.parquet'),
    });
  });
});

it('a table that is a file and a folder, a lake that is not there: errors at once', async () => {
  cpSync(feature, join(lake, FEATURES, 'mom_eurusd', 'part-0.parquet'), { recursive: true });
  await withLake((warehouse) => expect(warehouse.readCatalogue()).rejects.toThrow('mom_eurusd twice'));
  await withLake(
    (warehouse) => expect(warehouse.readCatalogue()).rejects.toThrow('there is no such folder'),
    join(folder, 'none'),
  );
});

it('without folders for the schemas, all are features but the targets tables of pairs', async () => {
  const before = await withLake((warehouse) => planTiny(warehouse));
  for (const schema of [FEATURES, TARGETS]) {
    cpSync(join(lake, schema), lake, { recursive: true });
    rmSync(join(lake, schema), { recursive: true });
  }
  expect((await withLake((warehouse) => planTiny(warehouse))).datasetId).toBe(before.datasetId);
});

it('names mean what they say, whatever characters they hold', async () => {
  const odd = join(folder, `volume=7 [ab]* ${count}'s`);
  cpSync(lake, odd, { recursive: true });
  const name = 'mom_eurusd [x]*\u00e9"\'';
  renameSync(join(odd, FEATURES, 'mom_eurusd.parquet'), join(odd, FEATURES, `${name}.parquet`));
  await withLake(async (warehouse) => {
    const planned = await planTiny(warehouse);
    const { values } = await fetchTiny(warehouse, planned, join(folder, `cache-${count}`));
    expect([...values.keys()]).toContain(`${name}.roc`);
    expect([...values.keys()].some((id) => id.endsWith('.volume'))).toBe(false);
  }, odd);
});

it('statements read nothing outside the lake, and load nothing', async () => {
  const database = new LakeDatabase(lake, {});
  try {
    await database.use(async (connection) => {
      await connection.run(`SELECT * FROM read_parquet('${feature}')`);
      const outside = join(exported, FEATURES, 'mom_eurusd.parquet');
      for (const sql of [
        `SELECT * FROM read_parquet('${outside}')`,
        `SELECT * FROM read_text('/etc/hostname')`,
      ]) {
        await expect(connection.run(sql)).rejects.toThrow('disabled by configuration');
      }
      await expect(connection.run('INSTALL httpfs')).rejects.toThrow();
      await expect(connection.run('SET enable_external_access = true')).rejects.toThrow();
    });
  } finally {
    await database.close();
  }
});

async function rewrite(select: string): Promise<void> {
  await run(`COPY (${select} FROM '${feature}') TO '${feature}.new' (FORMAT parquet)`);
  renameSync(`${feature}.new`, feature);
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
