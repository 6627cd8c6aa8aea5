import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { DatasetCache } from '../cache/dataset-cache.js';
import { fetchTiny, openWarehouse, planTiny } from '../fixtures/plan-and-fetch.js';
import { FEATURES, TARGETS } from '../fixtures/small-warehouse.js';
import { buildTinyWarehouse } from '../fixtures/tiny-warehouse.js';

const root = mkdtempSync(join(tmpdir(), 'onescan-key-notes-'));
afterAll(() => rmSync(root, { recursive: true }));

const MOM = `${FEATURES}.mom_eurusd`;
const moved = (by: string) => `UPDATE ${MOM} SET interval_time = interval_time + INTERVAL '${by}'`;
/** The night between two sessions, without which an hour does not show. */
const NIGHT = [MOM, `${FEATURES}.base_idx_eurusd`, `${TARGETS}.targets_eurusd`].map(
  (table) => `DELETE FROM ${table} WHERE hour(interval_time) < 6`,
);

it.each<[string, string[], object[]]>([
  ['as it was made', [], []],
  ['half a minute late', [moved('30 SECOND')], [{ code: 'keys_shifted', facts: { seconds: 30, missed: 1 } }]],
  ['two hours early', [...NIGHT, moved('-2 HOUR')], [{ code: 'keys_shifted', facts: { seconds: -7200 } }]],
  [
    'with every tenth row',
    [`DELETE FROM ${MOM} WHERE steps % 10 <> 0`],
    [{ code: 'keys_missed', facts: { missed: expect.closeTo(0.9, 2) } }],
  ],
])('a plan says of a table %s what its keys are', async (name, change, notes) => {
  const warehouse = openWarehouse(
    await buildTinyWarehouse(join(root, name.replaceAll(' ', '-')), { change }),
  );
  const planned = await planTiny(warehouse);
  const found = planned.notes.filter(({ why }) => why!.code.startsWith('keys_'));
  expect(found.map(({ why }) => why)).toMatchObject(
    notes.map((note) => ({ ...note, facts: { table: 'mom_eurusd', ...(note as { facts: object }).facts } })),
  );
  await warehouse.close();
});

it('a dataset says which tables hardly a row was found of, for those who could not know before', async () => {
  const change = [moved('30 SECOND')];
  const folder = await buildTinyWarehouse(join(root, 'fetched'), { change });
  const warehouse = openWarehouse(folder);
  const planned = await planTiny(warehouse);
  const cache = join(folder, 'cache');
  await fetchTiny(warehouse, planned, cache);
  const { ref } = await new DatasetCache(cache).describe(
    new DatasetCache(cache).pathOf('eurusd', planned.datasetId),
  );
  expect(ref.missedTables).toEqual([{ table: 'mom_eurusd', missed: 1 }]);
  await warehouse.close();
});
