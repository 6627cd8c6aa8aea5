import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_HORIZONS } from '@onescan/contract/horizon.js';
import { afterAll, expect, it, vi } from 'vitest';
import { fetchTiny, openWarehouse, planTiny } from '../fixtures/plan-and-fetch.js';
import { FEATURES, TARGETS } from '../fixtures/small-warehouse.js';
import { buildTinyWarehouse } from '../fixtures/tiny-warehouse.js';
import { readSampleRows } from './sample-rows.js';

vi.setConfig({ testTimeout: 60_000 });
process.env.ONESCAN_LOG_LEVEL = 'silent';

const root = mkdtempSync(join(tmpdir(), 'onescan-identity-'));
afterAll(() => rmSync(root, { recursive: true }));

const CLOSES = `${FEATURES}.base_idx_eurusd`;
const closesOf = (sql: string) => `CREATE OR REPLACE TABLE ${CLOSES} AS SELECT ${sql} FROM ${CLOSES}`;

it.each([
  [
    'late by a bar',
    closesOf('interval_time, lag(close_idx) OVER (ORDER BY interval_time) AS close_idx'),
    { cause: 'shifted', bars: '1' },
    /taken 1 bar later/,
  ],
  [
    'of another time zone',
    closesOf('interval_time + INTERVAL 2 HOUR AS interval_time, close_idx'),
    { cause: 'shifted', bars: '24', hours: '2' },
    /taken 24 bars later, 2 hours of the clock/,
  ],
  [
    'half a minute off',
    closesOf('interval_time + INTERVAL 30 SECOND AS interval_time, close_idx'),
    { cause: 'no_common_key' },
    /no key of one is a key of the other/,
  ],
  [
    'with targets in parts',
    `UPDATE ${TARGETS}.targets_eurusd SET target_bqx45_h15 = target_bqx45_h15 / 100`,
    { cause: 'scaled' },
    /0.01000 times what the closes say/,
  ],
])(
  'a pair %s is refused while it is planned, and when its statement returns',
  async (name, change, facts, said) => {
    const folder = await buildTinyWarehouse(join(root, name.replaceAll(' ', '-')), { change: [change] });
    const warehouse = openWarehouse(folder);
    try {
      const planned = await planTiny(warehouse, { sample: { rows: 900 } });
      const refusal = {
        code: 'FAILED_PRECONDITION',
        message: expect.stringMatching(said),
        details: expect.objectContaining({ closes: `${CLOSES}.close_idx`, ...facts }),
      };
      await expect(readSampleRows(warehouse, planned, DEFAULT_HORIZONS)).rejects.toMatchObject(refusal);
      await expect(fetchTiny(warehouse, planned, join(folder, 'cache'))).rejects.toMatchObject(refusal);
    } finally {
      await warehouse.close();
    }
  },
);
