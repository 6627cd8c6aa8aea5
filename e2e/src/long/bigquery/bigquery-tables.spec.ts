import { SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { FEATURES, TARGETS } from '@onescan/fetcher/testing/small-warehouse.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BigQueryStack } from '../../bigquery/bigquery-stack.js';

const ODD = 'mom_eurusd.Rate in %';

let stack: BigQueryStack;
beforeAll(async () => {
  stack = await BigQueryStack.start({
    requirePartitionFilter: true,
    change: [
      ...[1, 2, 3].map(
        (i) =>
          `CREATE TABLE ${FEATURES}.raw_${i} AS SELECT interval_time, vix + ${i} AS v FROM ${FEATURES}.mkt_vix`,
      ),
      `CREATE VIEW ${FEATURES}.var_view AS SELECT a.interval_time, a.v * b.v + c.v AS mixed FROM ${FEATURES}.raw_1 a
        JOIN ${FEATURES}.raw_2 b ON a.interval_time = b.interval_time JOIN ${FEATURES}.raw_3 c ON a.interval_time = c.interval_time`,
      `ALTER TABLE ${FEATURES}.mom_eurusd ADD COLUMN "Rate in %" DOUBLE DEFAULT 1.5`,
      // Names of ours, that of the table itself, and the key in other capitals.
      ...['k', 'f', 't', 's', 'part', 'numbers', 'mom_eurusd'].map(
        (column) => `ALTER TABLE ${FEATURES}.mom_eurusd ADD COLUMN ${column} DOUBLE DEFAULT 2.5`,
      ),
      ...[`${FEATURES}.mom_eurusd`, `${FEATURES}.base_idx_eurusd`, `${TARGETS}.targets_eurusd`].map(
        (table) => `ALTER TABLE ${table} RENAME interval_time TO Interval_Time`,
      ),
      `ALTER TABLE ${FEATURES}.tri_error ALTER interval_time TYPE TIMESTAMP WITH TIME ZONE`,
    ],
  });
});
afterAll(() => stack.stop());

it('meets the filter on partitions that every table requires, targets and closes too', async () => {
  const { bigQuery } = stack;
  const days = { sample: { rows: 1440, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS } };
  for (const choices of [{}, { strategy: 'join' as const }, { spec: days }]) {
    const { statement } = await stack.planOne(bigQuery, choices);
    expect((await bigQuery.dryRun(statement)).bytes).toBeGreaterThan(0n);
  }
  // Keys of several targets tables, then the rest of a pair.
  await stack.fetchOnce(bigQuery, { pairs: ['eurusd', 'gbpusd'], sample: { rows: 100 } });

  const { reads } = (await stack.planOne(bigQuery)).statement;
  const sql = `SELECT interval_time FROM \`bqx-ml\`.\`${TARGETS}\`.\`targets_eurusd\``;
  await expect(bigQuery.dryRun({ sql, reads: reads.slice(0, 1) })).rejects.toMatchObject({
    message: expect.stringContaining('without a filter over column(s)'),
    remedy: expect.stringContaining('require_partition_filter'),
  });
});

it('excludes a column whose name no statement can hold, and knows no pseudo-columns', async () => {
  await stack.fake.changeMetadata(
    `INSERT INTO "information_schema_columns ${FEATURES}" SELECT table_catalog, table_schema, table_name,
     '_PARTITIONTIME', NULL, 'TIMESTAMP', 'NO', 'YES' FROM "information_schema_columns ${FEATURES}" WHERE column_name = 'close_idx'`,
  );
  const { universe } = await stack.plan(BigQueryStack.warehouse());
  const found = universe.columns.filter(({ featureId }) => /Rate|_PARTITION/.test(featureId));
  expect(found.map(({ featureId, exclusion }) => [featureId, exclusion])).toEqual([
    [ODD, { code: 'unreadable_column', facts: { problem: expect.stringContaining('characters') } }],
  ]);
});

it('knows the key in any capitals, and takes no column for a name of its own', async () => {
  for (const strategy of ['pack', 'join'] as const) {
    const { universe, statements } = await stack.plan(stack.bigQuery, { strategy });
    const excluded = universe.columns.filter(({ exclusion }) => exclusion !== undefined);
    expect(excluded.map(({ featureId }) => featureId)).not.toContain('mom_eurusd.roc');
    expect(universe.columns.map(({ featureId }) => featureId)).toContain('mom_eurusd.mom_eurusd');
    expect(universe.columns.map(({ featureId }) => featureId)).not.toContain('mom_eurusd.Interval_Time');
    expect(statements[0]!.query.closes).toBeDefined();
    await stack.fetchOnce(stack.bigQuery, { pairs: ['eurusd', 'gbpusd'], sample: { rows: 120 } });
  }
});

it('fetches views within the estimate, which counts the tables below them', async () => {
  const spec = { sample: { rows: 110 } };
  const { universe, notes } = await stack.plan(stack.bigQuery, { spec });
  expect(universe.columns.map(({ featureId }) => featureId)).toContain('var_view.mixed');
  expect(notes.map(({ text }) => text)).toContainEqual(expect.stringContaining('var_view'));
  await stack.fetch(stack.bigQuery, { spec });
  // Eight tables of features and the targets, and three below the view.
  expect(stack.fetchJobs().at(-1)!.bytesBilled).toBe(120n * 1024n * 1024n);
});
