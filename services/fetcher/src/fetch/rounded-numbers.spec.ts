import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { roundedReason } from '@onescan/dataset/rounded-columns.js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { FetcherHarness } from '../fixtures/fetcher-harness.js';
import { PAIR_GROUP } from '../fixtures/plan-and-fetch.js';
import { BARS, buildSmallWarehouse, FEATURES } from '../fixtures/small-warehouse.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const SPEC = RunSpec.fromPartial({
  pairs: ['eurusd'],
  sample: { rows: 900 },
  universe: { groups: [PAIR_GROUP] },
});

let folder: string;
let fetcher: FetcherHarness;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-rounded-'));
  const warehouse = await buildSmallWarehouse(join(folder, 'warehouse'), [
    `CREATE TABLE ${FEATURES}.id_eurusd AS SELECT TIMESTAMP '2020-01-01' + to_minutes(i) AS interval_time,
      (1152921504606846976 + i)::BIGINT AS order_nr, (i - 9007199254740992 * 3)::HUGEINT AS below,
      (i + 1e20)::DECIMAL(38,2) AS amount, i::BIGINT AS plain, 1e20::DOUBLE * i AS measure
      FROM range(${BARS}) t(i)`,
  ]);
  fetcher = await FetcherHarness.start(warehouse, join(folder, 'cache'));
});

afterAll(async () => {
  await fetcher.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a fetched dataset says what doubles could not hold; a plan of it then says so too', async () => {
  const rounded = {
    count: 3,
    widest: [
      { featureId: 'id_eurusd.amount', gap: 16_384 },
      { featureId: 'id_eurusd.order_nr', gap: 256 },
      { featureId: 'id_eurusd.below', gap: 4 },
    ],
  };
  const before = await fetcher.plan(SPEC);
  expect(before.notes.map(({ kind }) => kind)).not.toContain('numbers rounded');
  const { ref } = await fetcher.fetch(SPEC, before);
  expect(ref.rounded).toEqual(rounded);
  expect((await fetcher.fetch(SPEC, before)).ref).toMatchObject({ cached: true, rounded });
  for (const plan of [await fetcher.plan(SPEC), await fetcher.plan(SPEC, ref.datasetId)]) {
    expect(plan.cached).toBe(true);
    expect(plan.notes.filter(({ kind }) => kind === 'numbers rounded')).toEqual([
      {
        kind: 'numbers rounded',
        text: expect.stringMatching(/./),
        severity: 3,
        why: roundedReason(rounded),
      },
    ]);
  }
});
