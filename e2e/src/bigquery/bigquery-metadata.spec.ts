import { join } from 'node:path';
import { FetchPairRequest } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { RunSpec, SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { DatasetCache } from '@onescan/fetcher/testing/cache/dataset-cache.js';
import { DEFAULT_WAREHOUSE_NAMES as names } from '@onescan/fetcher/testing/catalogue/warehouse-names.js';
import { CoveringDatasets } from '@onescan/fetcher/testing/deriving/covering-datasets.js';
import { estimatePair } from '@onescan/fetcher/testing/estimate.js';
import { SharedFetches } from '@onescan/fetcher/testing/fetch/shared-fetches.js';
import type { FetcherServices } from '@onescan/fetcher/testing/fetcher-services.js';
import { JobLog } from '@onescan/fetcher/testing/jobs/job-log.js';
import { noteMetadataQuery } from '@onescan/fetcher/testing/jobs/metadata-bill.js';
import { obtainDataset } from '@onescan/fetcher/testing/obtain-dataset.js';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { QueryJob } from '../fake-bigquery/query-job.js';
import { BigQueryStack } from './bigquery-stack.js';

const PRICE = 6.25;
const MIB = 1024n * 1024n;
const spec = RunSpec.fromPartial({
  pairs: ['eurusd', 'gbpusd'],
  sample: { rows: 200, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS },
});

let stack: BigQueryStack;
let services: FetcherServices;
let seen = 0;
const { signal } = new AbortController();
beforeAll(async () => {
  stack = await BigQueryStack.start();
});
afterAll(() => stack.stop());

/** A fetcher that knows nothing yet. */
beforeEach(() => {
  const cache = new DatasetCache(stack.newCache());
  const jobs = new JobLog(join(cache.folder, 'jobs.jsonl'));
  services = {
    warehouse: BigQueryStack.warehouse({ onMetadata: (query) => noteMetadataQuery(jobs, query, PRICE) }),
    cache,
    jobs,
    covering: new CoveringDatasets(cache),
    fetches: new SharedFetches({ limit: 2, orphanGraceMs: 0 }),
    rules: { names, futurePatterns: [] },
    pricePerTibUsd: PRICE,
  };
  news();
});

/** Metadata jobs since it was last asked. */
function news(): QueryJob[] {
  const jobs = stack.fake.jobs().slice(seen);
  seen += jobs.length;
  return jobs.filter((job) => job.configuration.labels?.purpose === 'metadata');
}

async function plan(planId: string): Promise<{ plans: PairPlan[]; metadataBytes: bigint }> {
  const plans: PairPlan[] = [];
  let metadataBytes = 0n;
  for (const pair of spec.pairs) {
    const estimate = await estimatePair(services, { spec, pair, sharedDatasetId: '', planId }, signal);
    plans.push(estimate.plan!);
    metadataBytes += estimate.metadataBytes;
  }
  return { plans, metadataBytes };
}

function fetch(planned: PairPlan) {
  const request = FetchPairRequest.fromPartial({
    runId: 'run-9',
    spec,
    pair: planned.pair,
    planHash: 'c0de'.repeat(16),
    datasetId: planned.datasetId,
    maximumBytesBilled: planned.statements.map((statement) => statement.maximumBytesBilled),
  });
  return obtainDataset(services, request, new AbortController().signal, {
    report: () => undefined,
    enter: () => undefined,
  });
}

function touch(table: string): Promise<void> {
  return stack.fake.changeMetadata(
    `UPDATE "__tables__ bqx_ml_v3_features_v2" SET last_modified_time = last_modified_time + 1 WHERE table_id = '${table}'`,
  );
}

it('plans any number of pairs with four queries, all of the same catalogue', async () => {
  const first = await estimatePair(
    services,
    { spec, pair: 'eurusd', sharedDatasetId: '', planId: 'p1' },
    signal,
  );
  // The other pair still sees the table as it was.
  await touch('csi_usd');
  const { plans, metadataBytes } = await plan('p1');
  const queries = news();
  expect(queries.map(({ sql }) => /__TABLES__|COLUMNS|PARTITIONS/.exec(sql)![0])).toEqual([
    '__TABLES__',
    'COLUMNS',
    'PARTITIONS',
    'PARTITIONS',
  ]);
  expect(queries[2]!.sql).toContain("'targets_eurusd', 'targets_gbpusd'");
  expect(queries[3]!.sql).toContain("'mom_gbpusd'");
  expect(plans[0]!.datasetId).toBe(first.plan!.datasetId);
  // Catalogue 2 x 20 MiB, days and spans 10 MiB each.
  expect([first.metadataBytes, metadataBytes]).toEqual([60n * MIB, 0n]);
  for (const { configuration } of queries) {
    expect(configuration.query!.maximumBytesBilled).toBe(String(100n * MIB));
  }

  // Another plan sees the change: states, columns, and partitions of that table only.
  const later = await plan('p2');
  expect(later.plans[0]!.datasetId).not.toBe(first.plan!.datasetId);
  const again = news();
  expect(again).toHaveLength(3);
  expect(again[2]!.sql).toContain("IN ('csi_usd')");
  // Nothing has changed since.
  await plan('p3');
  expect(news()).toHaveLength(1);
});

it('asks one query before an approved fetch, which belongs to its run', async () => {
  const { plans } = await plan('p1');
  news();
  await fetch(plans[0]!);
  const [query, ...others] = news();
  expect(others).toEqual([]);
  expect(query!.sql).toContain('__TABLES__');
  const labels = { run: 'run-9', pair: 'eurusd', plan_hash: 'c0de'.repeat(16).slice(0, 63) };
  expect(query!.configuration.labels).toEqual({ purpose: 'metadata', ...labels });
  const own = services.jobs.list('run-9');
  expect(own.map(({ purpose, pair, bytesBilled }) => [purpose, pair, bytesBilled])).toEqual([
    ['metadata', 'eurusd', 20n * MIB],
    ['fetch', 'eurusd', stack.fetchJobs().at(-1)!.bytesBilled],
  ]);
  // What is cached is not asked for.
  await fetch(plans[0]!);
  expect(news()).toEqual([]);

  await touch('mom_gbpusd');
  await expect(fetch(plans[1]!)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  expect(news()).toHaveLength(3);
});

it('notes a metadata query that fails, and asks again', async () => {
  stack.fake.inject({ on: 'insert', kind: 'quotaExceeded' });
  await expect(plan('p1')).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  expect(services.jobs.list()).toMatchObject([
    { purpose: 'metadata', state: 'failed', error: expect.stringMatching(/quota/i) },
  ]);
  await plan('p1');
  expect(news()).toHaveLength(4);
});
