import { openDataset } from '@onescan/dataset/open-dataset.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BigQueryStack } from '../../bigquery/bigquery-stack.js';

let stack: BigQueryStack;
beforeAll(async () => {
  stack = await BigQueryStack.start();
});
afterAll(() => stack.stop());

it('what all pairs share is fetched by one job and gives the same dataset', async () => {
  const spec = { pairs: ['eurusd', 'gbpusd'], sample: { rows: 700 } };
  const before = stack.fetchJobs().length;
  const { sql, fetched } = await stack.fetchOnce(stack.bigQuery, spec);
  const jobs = stack.fetchJobs().slice(before);
  expect(jobs.map((job) => job.sql)).toEqual(sql);
  expect(jobs.map((job) => job.configuration.labels?.pair)).toEqual(['shared', 'eurusd']);
  // The shared one reads the keys of both pairs, and only those of their targets tables.
  expect(sql[0]).toContain('UNION DISTINCT');
  expect(sql[0]).not.toContain('target_bqx');
  expect(sql[1]).not.toContain('csi_usd');

  const once = await openDataset(fetched.path);
  const apart = await openDataset((await stack.fetch(stack.bigQuery, { spec })).path);
  expect(once.meta.contentSha256).toBe(apart.meta.contentSha256);
  expect(once.included.map(({ featureId }) => featureId)).toEqual(
    apart.included.map(({ featureId }) => featureId),
  );
  once.close();
  apart.close();
});
