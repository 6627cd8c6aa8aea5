import { join } from 'node:path';
import { type DatasetRef, FetchPairRequest } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { type DeepPartial, RunSpec, SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { DatasetCache } from '@onescan/fetcher/testing/cache/dataset-cache.js';
import { DEFAULT_WAREHOUSE_NAMES as names } from '@onescan/fetcher/testing/catalogue/warehouse-names.js';
import { CoveringDatasets } from '@onescan/fetcher/testing/deriving/covering-datasets.js';
import { estimatePair } from '@onescan/fetcher/testing/estimate.js';
import { SharedFetches } from '@onescan/fetcher/testing/fetch/shared-fetches.js';
import { contentOf } from '@onescan/fetcher/testing/fetcher-harness.js';
import type { FetcherServices } from '@onescan/fetcher/testing/fetcher-services.js';
import { JobLog } from '@onescan/fetcher/testing/jobs/job-log.js';
import { obtainDataset } from '@onescan/fetcher/testing/obtain-dataset.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BigQueryStack } from '../../bigquery/bigquery-stack.js';

let stack: BigQueryStack;
beforeAll(async () => {
  stack = await BigQueryStack.start();
});
afterAll(() => stack.stop());

function newServices(): FetcherServices {
  const cache = new DatasetCache(stack.newCache());
  return {
    warehouse: BigQueryStack.warehouse(),
    cache,
    covering: new CoveringDatasets(cache),
    jobs: new JobLog(join(cache.folder, 'jobs.jsonl')),
    fetches: new SharedFetches({ limit: 1, orphanGraceMs: 0 }),
    rules: { names, futurePatterns: [] },
    pricePerTibUsd: 6.25,
  };
}

async function planAndFetch(
  services: FetcherServices,
  spec: RunSpec,
): Promise<{ plan: PairPlan; ref: DatasetRef; jobs: number }> {
  const { plan } = await estimatePair(
    services,
    { spec, pair: 'eurusd', sharedDatasetId: '' },
    new AbortController().signal,
  );
  const { datasetId, servedFrom, statements } = plan!;
  const request = FetchPairRequest.fromPartial({
    runId: 'run',
    spec,
    pair: 'eurusd',
    datasetId,
    withinDatasetId: servedFrom,
    maximumBytesBilled: statements.map(({ maximumBytesBilled }) => maximumBytesBilled),
  });
  const before = stack.fake.jobs().length;
  const ref = await obtainDataset(services, request, new AbortController().signal, {
    report: () => undefined,
    enter: () => undefined,
  });
  return { plan: plan!, ref, jobs: stack.fake.jobs().length - before };
}

it.each([
  ['hash', { rows: 900 }, { rows: 500 }],
  ['days', { rows: 1500, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS }, {}],
] as const)('a part of a dataset costs nothing, not even metadata: %s', async (_, sample, fewer) => {
  const specOf = (more: DeepPartial<RunSpec>): RunSpec =>
    RunSpec.fromPartial({ pairs: ['eurusd'], sample, horizons: [15, 105], ...more });
  const part = specOf({
    sample: { ...sample, ...fewer },
    horizons: [30],
    universe: { exclude: ['mkt_*', 'mom_eurusd.roc'] },
  });
  const services = newServices();
  const whole = await planAndFetch(services, specOf({}));
  expect(whole.ref).toMatchObject({ cached: false, statementsRun: 1 });
  const derived = await planAndFetch(services, part);
  expect(derived).toMatchObject({
    plan: { cached: true, servedFrom: whole.ref.datasetId },
    ref: { statementsRun: 0, bytesBilled: 0n, derivedFrom: whole.ref.datasetId },
    jobs: 0,
  });
  const fetched = await planAndFetch(newServices(), part);
  expect(fetched.ref).toMatchObject({ derivedFrom: '', datasetId: derived.ref.datasetId });
  expect(await contentOf(derived.ref)).toEqual(await contentOf(fetched.ref));
});
