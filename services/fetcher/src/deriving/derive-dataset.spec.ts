import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { type DeepPartial, RunSpec, SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { DEFAULT_GROUPS } from '@onescan/contract/run-spec-fields.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { contentOf, FetcherHarness } from '../fixtures/fetcher-harness.js';
import { buildSmallWarehouse, FEATURES, TARGETS } from '../fixtures/small-warehouse.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 }); // generous: the machine may be busy
process.env.ONESCAN_LOG_LEVEL = 'silent';

const ROWS = 900;

/** Horizons beyond the default ones, values that depend on which rows and targets there are, keys with microseconds. */
const CHANGE = [
  `CREATE OR REPLACE TABLE ${TARGETS}.targets_eurusd AS SELECT *, lag(target_bqx45_h15, 10) OVER w AS target_bqx45_h5,
    lead(target_bqx45_h105, 15) OVER w AS target_bqx45_h120 FROM ${TARGETS}.targets_eurusd WINDOW w AS (ORDER BY interval_time)`,
  `CREATE TABLE ${FEATURES}.odd_eurusd AS SELECT interval_time, target_bqx45_h120 AS copy_of_120, target_bqx45_h30 AS copy_of_30,
    -target_bqx45_h5 AS turned_5, 'w' || (row_number() OVER w) // 55 AS words, 'k' || (row_number() OVER w) % 70 AS kinds,
    'id' || row_number() OVER w AS ids,
    1e9::DOUBLE + random() AS far, 3e4::DOUBLE + random() AS crowded, 1e-50::DOUBLE * random() AS tiny, 2e4::DOUBLE + 300 * random() AS dense,
    (16777216 + row_number() OVER w)::BIGINT AS counted,
    CASE WHEN (row_number() OVER w) % 9 = 0 THEN '-inf'::DOUBLE WHEN (row_number() OVER w) % 7 = 0 THEN 'nan' ELSE random() END AS holes
    FROM ${TARGETS}.targets_eurusd WINDOW w AS (ORDER BY interval_time)`,
  ...['odd_eurusd', 'mom_eurusd', 'base_idx_eurusd', 'tri_error', 'mkt_vix', 'csi_usd'].map(
    (table) => `UPDATE ${FEATURES}.${table} SET interval_time = interval_time + INTERVAL 123457 MICROSECONDS`,
  ),
  `UPDATE ${TARGETS}.targets_eurusd SET interval_time = interval_time + INTERVAL 123457 MICROSECONDS`,
];

const FUTURE = { groups: [...DEFAULT_GROUPS] };
const WHOLE = specOf({ horizons: [5, 15, 120] });

function specOf(changes: DeepPartial<RunSpec> = {}): RunSpec {
  return RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: ROWS }, ...changes });
}

let folder: string;
let fetcher: FetcherHarness;
let fresh: FetcherHarness;
let whole: DatasetRef;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-derive-'));
  await buildSmallWarehouse(join(folder, 'wh'), CHANGE);
  fetcher = await FetcherHarness.start(join(folder, 'wh'), join(folder, 'cache'));
  fresh = await FetcherHarness.start(join(folder, 'wh'), join(folder, 'fresh'));
  whole = (await fetcher.fetch(WHOLE, await fetcher.plan(WHOLE))).ref;
});
afterAll(async () => {
  await fetcher.stop();
  await fresh.stop();
  rmSync(folder, { recursive: true });
});

/** Made of the whole dataset, without a statement, with the bytes of one that was fetched for just that. */
async function expectDerived(spec: RunSpec): Promise<DatasetRef> {
  const statements = (await fetcher.jobs()).length;
  const plan = await fetcher.plan(spec);
  expect(plan).toMatchObject({ cached: true, servedFrom: whole.datasetId });
  const { ref } = await fetcher.fetch(spec, plan);
  try {
    expect(ref).toMatchObject({ datasetId: plan.datasetId, cached: true, derivedFrom: whole.datasetId });
    expect(ref).toMatchObject({ statementsRun: 0, bytesBilled: 0n, usd: 0 });
    expect(await fetcher.jobs()).toHaveLength(statements);
    const other = await fresh.plan(spec);
    expect(other.datasetId).toBe(plan.datasetId);
    const fetched = (await fresh.fetch(spec, other)).ref;
    expect(fetched.contentSha256).toBe(ref.contentSha256);
    expect(await contentOf(ref)).toEqual(await contentOf(fetched));
    // What is planned within the dataset alone is the same dataset.
    expect((await fetcher.plan(spec, whole.datasetId)).datasetId).toBe(plan.datasetId);
    return ref;
  } finally {
    fetcher.evict(ref);
    for (const name of readdirSync(fresh.cache))
      if (name.endsWith('.duckdb')) rmSync(join(fresh.cache, name));
  }
}

describe('a dataset is made of a larger one', () => {
  const cases: [string, DeepPartial<RunSpec>][] = [
    [
      'without tables and columns',
      { universe: { exclude: ['mkt_*', 'mom_eurusd.steps', 'tri_error.error_regime'] } },
    ],
    [
      'of some groups in another order, with columns that are known to hold the future',
      {
        universe: {
          groups: FUTURE.groups.slice(0, 2).reverse(),
          future: [{ columns: 'mom_*', reason: 'known' }],
        },
      },
    ],
    ['of the default horizons', { horizons: [15] }],
    ['of fewer rows', { sample: { rows: 500 }, horizons: [5, 15, 120] }],
    [
      'of fewer horizons, rows and columns',
      { horizons: [120], sample: { rows: 700 }, universe: { exclude: ['odd_eurusd.ids'] } },
    ],
  ];
  it.each(cases)('%s', async (_, changes) => {
    await expectDerived(specOf({ horizons: [5, 15, 120], ...changes }));
  });

  it('with the same bytes whatever part it is', async () => {
    const globs = [
      'mkt_*',
      'tri_error',
      'odd_eurusd.copy_of_30',
      'odd_eurusd.holes',
      'mom_*',
      'csi_usd.exact',
    ];
    const part = fc.record({
      exclude: fc.subarray(globs),
      groups: fc.shuffledSubarray([...FUTURE.groups], { minLength: 1 }),
      rows: fc.integer({ min: 400, max: ROWS }),
      horizons: fc.shuffledSubarray([5, 15, 45, 120], { minLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(part, async ({ exclude, groups, rows, horizons }) => {
        const all = groups.some(({ name }) => name === 'pair') ? groups : [...groups, FUTURE.groups[0]!];
        const spec = specOf({ horizons, sample: { rows }, universe: { groups: all, exclude } });
        if ((await fetcher.plan(spec)).datasetId !== whole.datasetId) await expectDerived(spec);
      }),
      { numRuns: 2 },
    );
  });

  it('and of the smallest that holds it, which may be made of one itself', async () => {
    const middle = specOf({ horizons: [5, 15, 120], universe: { exclude: ['mkt_*'] } });
    const small = specOf({
      horizons: [15],
      sample: { rows: 600 },
      universe: { exclude: ['mkt_*', 'mom_*'] },
    });
    const { ref } = await fetcher.fetch(middle, await fetcher.plan(middle));
    const plan = await fetcher.plan(small);
    expect(plan.servedFrom).toBe(ref.datasetId);
    const twice = (await fetcher.fetch(small, plan)).ref;
    const content = await contentOf(twice);
    fetcher.evict(twice);
    fetcher.evict(ref);
    const once = (await fetcher.fetch(small, { ...plan, servedFrom: whole.datasetId })).ref;
    expect(await contentOf(once)).toEqual(content);
    fetcher.evict(once);
  });
});

describe('no dataset is made of one that does not hold all of it', () => {
  const cases: [string, DeepPartial<RunSpec>, string][] = [
    ['another seed', { sample: { rows: ROWS, seed: 2n } }, 'seed 1, not 2'],
    ['another period', { period: { from: '2020-01-02' } }, 'another period'],
    ['more rows', { sample: { rows: ROWS + 1 } }, 'has 900 rows, not 901'],
    ['days', { sample: { rows: 1500, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS } }, 'other days'],
    ['texts that may be few enough', { sample: { rows: 100 } }, 'the texts of 2 columns (odd_eurusd.words'],
  ];
  it.each(cases)('%s', async (_, changes, why) => {
    const plan = await fetcher.plan(specOf({ horizons: [5, 15, 120], ...changes }));
    expect(plan).toMatchObject({ cached: false, servedFrom: '' });
    expect(plan.notes).toContainEqual(
      expect.objectContaining({ kind: 'dataset not used', text: expect.stringContaining(why) }),
    );
  });
});
