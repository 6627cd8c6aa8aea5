import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_HORIZONS } from '@onescan/contract/horizon.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { buildWarehouse } from '@onescan/warehouse/build-warehouse.js';
import { findRealBars } from '@onescan/warehouse/testing/real-bars.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWarehouse, planTiny } from '../fixtures/plan-and-fetch.js';
import { FEATURES, TARGETS } from '../fixtures/small-warehouse.js';
import { changeDatabase } from '../fixtures/tiny-warehouse.js';
import { identityDifference, type PairIdentity } from '../planning/pair-identity.js';
import { readSampleRows } from '../planning/sample-rows.js';

const CLOSES = `${FEATURES}.base_idx_eurusd`;
const BQX = `${FEATURES}.base_bqx_eurusd`;
const RAW = `${TARGETS}.targets_eurusd`;
const closesOf = (sql: string) => `CREATE OR REPLACE TABLE ${CLOSES} AS SELECT ${sql} FROM ${CLOSES}`;
/** Every target as another thing of the same bar, so many bars on. */
const targetsOf = (of: (horizon: number) => string) =>
  `CREATE OR REPLACE TABLE ${RAW} AS SELECT interval_time, ${DEFAULT_HORIZONS.map(
    (horizon) => `${of(horizon)} AS target_bqx45_h${horizon}`,
  ).join(', ')} FROM ${RAW} JOIN ${BQX} USING (interval_time) JOIN ${CLOSES} USING (interval_time)`;
const ahead = (column: string, bars: number) => `lead(${column}, ${bars}) OVER (ORDER BY interval_time)`;

const FAULTS: readonly [string, string, object][] = [
  [
    'closes late by a bar',
    closesOf('interval_time, lag(close_idx) OVER (ORDER BY interval_time) AS close_idx'),
    { cause: 'shifted', bars: '1' },
  ],
  [
    'closes a bar ahead',
    closesOf(`interval_time, ${ahead('close_idx', 1)} AS close_idx`),
    { cause: 'shifted', bars: '-1' },
  ],
  ['targets late by a bar', targetsOf((h) => ahead('bqx_45', h - 1)), { cause: 'shifted', bars: '-1' }],
  ['targets two bars ahead', targetsOf((h) => ahead('bqx_45', h + 2)), { cause: 'shifted', bars: '2' }],
  [
    'targets of another window',
    targetsOf((h) => ahead('bqx_90', h)),
    { cause: 'other_window', window: '90' },
  ],
  [
    'targets of indexed prices',
    targetsOf((h) => `100 + ${ahead('bqx_45', h)}`),
    { cause: 'indexed', of: 'targets' },
  ],
  ['targets that are prices', targetsOf((h) => ahead('close_idx', h)), { cause: 'indexed', of: 'targets' }],
  ['targets in parts', targetsOf((h) => `${ahead('bqx_45', h)} / 100`), { cause: 'scaled' }],
  [
    'closes two hours off',
    closesOf('interval_time + INTERVAL 2 HOUR AS interval_time, close_idx'),
    { cause: 'shifted', hours: '2' },
  ],
  [
    'closes in the time of New York',
    closesOf(
      "(interval_time AT TIME ZONE 'UTC') AT TIME ZONE 'America/New_York' AS interval_time, close_idx",
    ),
    { cause: 'shifted', hours: expect.stringMatching(/^-[45]$/) },
  ],
  [
    'keys 30 seconds late',
    closesOf('interval_time + INTERVAL 30 SECOND AS interval_time, close_idx'),
    { cause: 'no_common_key' },
  ],
  ['closes of the turned pair', closesOf('interval_time, 1 / close_idx AS close_idx'), { cause: 'scaled' }],
];

/** bqx_45 of every bar by the targets and by the closes. */
async function pastOf(folder: string): Promise<PairIdentity> {
  const instance = await openDuckDb(join(folder, 'warehouse.duckdb'));
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(`SELECT epoch_ms(interval_time)::DOUBLE,
    lag(target_bqx45_h15, 15) OVER (ORDER BY interval_time),
    100 * (close_idx / lag(close_idx, 45) OVER (ORDER BY interval_time) - 1)
    FROM ${RAW} JOIN ${CLOSES} USING (interval_time) ORDER BY 1`);
  const [time, persistence, own] = result
    .getColumns()
    .map((values) => Float64Array.from(values, (value) => Number(value ?? Number.NaN)));
  connection.closeSync();
  instance.closeSync();
  return { window: 45, bar: [...time!.keys()], time: time!, persistence: persistence!, own: own! };
}

const KINDS = ['m5', 'm15'] as const;
const FOLDERS = new Map(KINDS.map((interval) => [interval, findRealBars(interval)]));
const isThere = [...FOLDERS.values()].every((folder) => folder !== undefined);
if (!isThere) console.warn('real bars: no shared/data/fx beside the checkout, so this test is skipped');

describe.skipIf(!isThere).each(KINDS)('identity of real bars, %s', (interval) => {
  const root = mkdtempSync(join(tmpdir(), 'onescan-identity-real-'));
  const sound = join(root, 'sound');
  afterAll(() => rmSync(root, { recursive: true }));
  beforeAll(async () => {
    mkdirSync(join(root, 'bars'));
    cpSync(join(FOLDERS.get(interval)!, 'eurusd.parquet'), join(root, 'bars', 'eurusd.parquet'));
    const bars = { kind: 'folder', path: join(root, 'bars') } as const;
    await buildWarehouse({ bars, out: sound, universe: 'small', pairs: ['eurusd'] });
  });

  it('sound data differ by rounding alone, and their keys are those of the targets', async () => {
    const warehouse = openWarehouse(sound);
    const planned = await planTiny(warehouse, { sample: { rows: 5000 } });
    expect(planned.notes.filter(({ why }) => why!.code.startsWith('keys_'))).toEqual([]);
    await expect(readSampleRows(warehouse, planned, DEFAULT_HORIZONS)).resolves.toBeDefined();
    expect(identityDifference(await pastOf(sound))).toBeLessThan(1e-9);
    await warehouse.close();
  });

  it.each(FAULTS)('refuses %s', async (name, change, facts) => {
    const folder = join(root, name.replaceAll(' ', '-'));
    cpSync(sound, folder, { recursive: true });
    await changeDatabase(folder, [change]);
    const warehouse = openWarehouse(folder);
    const planned = await planTiny(warehouse, { sample: { rows: 5000 } });
    await expect(readSampleRows(warehouse, planned, DEFAULT_HORIZONS)).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      details: expect.objectContaining(facts),
    });
    await warehouse.close();
    rmSync(folder, { recursive: true });
  });
});
