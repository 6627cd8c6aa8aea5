import { SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import type { OpenDataset } from '@onescan/dataset/dataset.js';
import type { FeatureValues } from '@onescan/dataset/feature-values.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { BARS } from '@onescan/fetcher/testing/small-warehouse.js';
import { farmFingerprint } from '@onescan/fetcher/testing/warehouse/bigquery/sql/farm-fingerprint.js';
import type { Warehouse } from '@onescan/fetcher/testing/warehouse/warehouse.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BigQueryStack, type Choices } from './bigquery-stack.js';

const START_MICROS = Date.UTC(2020, 0, 1) * 1000;
const MINUTE_MICROS = 60_000_000;
const MIB = 1024n * 1024n;

let stack: BigQueryStack;
beforeAll(async () => {
  stack = await BigQueryStack.start();
});
afterAll(() => stack.stop());

async function dataset(warehouse: Warehouse, choices: Choices): Promise<OpenDataset> {
  return openDataset((await stack.fetch(warehouse, choices)).path);
}

async function features(opened: OpenDataset): Promise<Map<string, FeatureValues>> {
  const values = new Map<string, FeatureValues>();
  await opened.readFeatures((i, column) => values.set(opened.included[i]!.featureId, column.slice()));
  return values;
}

describe('a dataset from BigQuery', () => {
  it.each(['pack', 'join'] as const)(
    'has the content of the same tables without BigQuery: %s',
    async (strategy) => {
      const ours = await dataset(stack.bigQuery, { strategy });
      const theirs = await dataset(stack.embedded, { strategy });
      expect(ours.meta.rows).toBe(BARS);
      expect(ours.meta.contentSha256).toBe(theirs.meta.contentSha256);
      const fates = (opened: OpenDataset) =>
        opened.columns.map((c) => [c.featureId, c.encoding, c.included, c.exclusionStage]);
      expect(fates(ours)).toEqual(fates(theirs));
      ours.close();
      theirs.close();
    },
  );

  it('has the same content for whole days and for a period', async () => {
    const spec = {
      sample: { rows: 1440, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS },
      period: { from: '2020-01-01', to: '2020-01-03' },
    };
    const ours = await dataset(stack.bigQuery, { spec });
    const theirs = await dataset(stack.embedded, { spec });
    expect(ours.meta.contentSha256).toBe(theirs.meta.contentSha256);
    ours.close();
    theirs.close();
  });

  it('samples the keys of least FARM_FINGERPRINT, with the values that belong to them', async () => {
    const sampled = await dataset(stack.bigQuery, { spec: { sample: { rows: 700, seed: 5n } } });
    const all = await dataset(stack.embedded, {});
    const keys = Array.from({ length: BARS }, (_, bar) => START_MICROS + bar * MINUTE_MICROS);
    const hash = new Map(keys.map((key, bar) => [bar, farmFingerprint(`5:${key}`) & 0x7fffffffn]));
    const least = [...hash].sort(([a, x], [b, y]) => (x === y ? a - b : x < y ? -1 : 1)).slice(0, 700);
    const { bar, time } = await sampled.readKeys();
    expect([...bar]).toEqual(least.map(([b]) => b).sort((a, b) => a - b));
    expect([...time]).toEqual([...bar].map((b) => keys[b]! / 1000));
    const [some, every] = [await features(sampled), await features(all)];
    // Which texts are seen decides their codes; the numbers must be the same.
    for (const [id, values] of some) {
      if (id.includes('regime')) continue;
      expect([id, ...values]).toEqual([id, ...[...bar].map((b) => every.get(id)![b])]);
    }
    expect([...(await sampled.readTarget(60))]).toEqual(
      await all.readTarget(60).then((target) => [...bar].map((b) => target[b])),
    );
    sampled.close();
    all.close();
  });
});

describe('what is paid', () => {
  it('is one labelled statement a dataset, capped, and nothing before it but metadata', async () => {
    const warehouse = BigQueryStack.warehouse();
    const before = stack.fake.jobs().length;
    const spec = { sample: { rows: 321 } };
    const planned = await stack.planOne(warehouse, { spec });
    const { bytes } = planned.estimate;
    const planning = stack.fake.jobs().slice(before);
    expect(planning.map((job) => job.configuration.labels)).toEqual(
      Array.from({ length: 4 }, () => ({ purpose: 'metadata' })),
    );
    expect(planning.every((job) => job.analysis.processed === 0n)).toBe(true);

    const jobsBefore = stack.fetchJobs().length;
    const fetched = await stack.fetch(warehouse, { spec });
    const [job, ...others] = stack.fetchJobs().slice(jobsBefore);
    expect(others).toEqual([]);
    expect(job!.sql).toBe(planned.statement.sql);
    // The dry run was of exactly this statement.
    expect(stack.fake.dryRuns.filter((sql) => sql === job!.sql)).toHaveLength(2);
    expect(job!.configuration).toMatchObject({
      labels: { run: 'run_1', pair: 'eurusd', plan_hash: 'ab12'.repeat(16).slice(0, 63) },
      jobTimeoutMs: '60000',
      query: { maximumBytesBilled: String(bytes) },
    });
    expect(job!.id).toMatch(new RegExp(`^onescan-${planned.datasetId.slice(0, 16)}-1-[0-9a-f]{8}$`));
    expect(fetched.bytesBilled).toBe(job!.bytesBilled);
    // Nine tables too small for more than the minimum; the estimate is a bound, and a close one.
    expect(job!.bytesBilled).toBe(90n * MIB);
    expect(bytes).toBeGreaterThanOrEqual(job!.bytesBilled);
    expect(bytes - job!.bytesBilled).toBeLessThanOrEqual(10n * MIB);
  });

  it('is nothing above the limit: BigQuery refuses unbilled', async () => {
    const spec = { sample: { rows: 322 } };
    const refused = stack.fetch(stack.bigQuery, { spec, maximumBytesBilled: [90n * MIB - 1n] });
    await expect(refused).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('Query exceeded limit for bytes billed'),
      remedy: expect.stringContaining('approval'),
    });
    expect(stack.fetchJobs().at(-1)).toMatchObject({ bytesBilled: 0n, state: 'DONE' });
  });

  it('reads the catalogue in two queries, and again when a table has changed', async () => {
    const first = await stack.plan(BigQueryStack.warehouse());
    const { length } = stack.fake.jobs();
    await stack.fake.changeMetadata(
      `UPDATE "__tables__ bqx_ml_v3_features_v2" SET last_modified_time = last_modified_time + 1 WHERE table_id = 'csi_usd'`,
    );
    const second = await stack.plan(BigQueryStack.warehouse());
    expect(stack.fake.jobs().length - length).toBe(4); // two for the catalogue, one for the days of targets, one for those of features
    expect(second.datasetId).not.toBe(first.datasetId);
    await stack.fake.changeMetadata(
      `UPDATE "__tables__ bqx_ml_v3_features_v2" SET last_modified_time = last_modified_time + 1 WHERE table_id = 'mom_gbpusd'`,
    );
    expect((await stack.plan(BigQueryStack.warehouse())).datasetId).toBe(second.datasetId);
  });

  it('samples a period that cuts a day: by hash with its rows, by days without, exactly as many as asked', async () => {
    const from = '2020-01-01T10:00:00Z';
    const cut = await stack.plan(stack.bigQuery, { spec: { period: { from }, sample: { rows: 2600 } } });
    const wholeDays = BARS - 1440;
    expect(cut.rows).toBe(wholeDays);
    const [note] = cut.notes.filter(({ why }) => why?.code === 'period_cuts_a_day');
    expect(note?.why?.facts).toMatchObject({ bound: 'from' });
    for (const [strategy, first] of [
      [SampleStrategy.SAMPLE_STRATEGY_HASH, from],
      [SampleStrategy.SAMPLE_STRATEGY_DAYS, '2020-01-02T00:00:00Z'],
    ] as const) {
      const sampled = await dataset(stack.bigQuery, {
        spec: { period: { from }, sample: { rows: 900, strategy } },
      });
      const { time } = await sampled.readKeys();
      expect(time).toHaveLength(900);
      const start = Date.parse(first);
      expect(time[0]! - start).toBeGreaterThanOrEqual(0);
      expect(time[0]! - start).toBeLessThan(3_600_000);
      sampled.close();
    }
  });

  it('notes what tables cover, and what cannot be known before the fetch', async () => {
    const noted = async () => {
      const { notes } = await stack.plan(BigQueryStack.warehouse());
      return notes.map(({ why }) => why).filter((why) => why?.code.includes('coverage'));
    };
    const days = { from: '2020-01-03T00:00:00.000Z', to: '2020-01-04T00:00:00.000Z' };
    expect(await noted()).toEqual([{ code: 'partial_coverage', facts: { table: 'tri_late', ...days } }]);
    await stack.fake.changeMetadata(
      `UPDATE "information_schema_columns bqx_ml_v3_features_v2" SET is_partitioning_column = 'NO' WHERE table_name = 'tri_late'`,
    );
    expect(await noted()).toEqual([
      { code: 'coverage_unknown_before_the_fetch', facts: { tables: 1, first: ['tri_late'] } },
    ]);
  });
});
