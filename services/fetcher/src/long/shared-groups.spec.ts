import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  type DatasetRef,
  type EstimateSharedResponse,
  FetcherServiceClient,
  FetchPairRequest,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { RunSpec, SampleStrategy, SharedGroups } from '@onescan/contract/generated/onescan/v1/spec.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import { createLog } from '@onescan/process/log.js';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { parseFetcherOptions } from '../fetcher-options.js';
import { buildSmallWarehouse, COLUMNS, TARGETS } from '../fixtures/small-warehouse.js';
import { type RunningFetcher, startFetcher } from '../start-fetcher.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // generous: the machine may be busy
process.env.ONESCAN_LOG_LEVEL = 'silent';

const PAIRS = ['eurusd', 'gbpusd'];

let folder: string;
let fetcher: RunningFetcher;
let client: FetcherServiceClient;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-shared-'));
  // A pair that lacks hours samples other keys than the one that has them.
  const gaps = `DELETE FROM ${TARGETS}.targets_gbpusd WHERE hour(interval_time) % 7 = 3`;
  await buildSmallWarehouse(join(folder, 'wh'), [gaps]);
  const flags = ['--warehouse', join(folder, 'wh'), '--cache', join(folder, 'cache')];
  fetcher = await startFetcher(parseFetcherOptions(flags), createLog('test'));
  client = createClient(FetcherServiceClient, fetcher.address);
});
afterAll(async () => {
  client.close();
  await fetcher.drain(0);
  rmSync(folder, { recursive: true });
});

function specOf(sharedGroups: SharedGroups, strategy = SampleStrategy.SAMPLE_STRATEGY_HASH): RunSpec {
  return RunSpec.fromPartial({ pairs: PAIRS, sample: { rows: 900, strategy }, sharedGroups });
}

interface Planned {
  spec: RunSpec;
  shared: EstimateSharedResponse['plan'];
  pairs: PairPlan[];
}

async function plan(spec: RunSpec): Promise<Planned> {
  const once = spec.sharedGroups === SharedGroups.SHARED_GROUPS_ONCE;
  const { plan: shared } = once
    ? await callUnary(client, client.estimateShared, { spec })
    : { plan: undefined };
  const pairs: PairPlan[] = [];
  for (const pair of spec.pairs) {
    const request = { spec, pair, sharedDatasetId: shared?.datasetId ?? '' };
    pairs.push((await callUnary(client, client.estimatePair, request)).plan!);
  }
  return { spec, shared, pairs };
}

async function fetch(
  runId: string,
  { spec, shared, pairs }: Planned,
  cachedOnly = false,
): Promise<DatasetRef[]> {
  const fetchOne = async (plan: PairPlan): Promise<DatasetRef> => {
    const request = FetchPairRequest.fromPartial({
      runId,
      spec,
      pair: plan.pair,
      datasetId: plan.datasetId,
      maximumBytesBilled: plan.statements.map(({ maximumBytesBilled }) => maximumBytesBilled),
      sharedDatasetId: shared?.datasetId ?? '',
      sharedMaximumBytesBilled: shared?.statements.map(({ maximumBytesBilled }) => maximumBytesBilled) ?? [],
      cachedOnly,
      withinDatasetId: plan.servedFrom,
      sharedWithinDatasetId: shared?.servedFrom ?? '',
    });
    for await (const { message } of callServerStream(client, client.fetchPair, request)) {
      if (message?.$case === 'dataset') return message.value;
    }
    throw new Error('no dataset');
  };
  // At the same time: both need the shared dataset first.
  return Promise.all(pairs.map(fetchOne));
}

async function columnsOf({ path }: DatasetRef) {
  const dataset = await openDataset(path);
  dataset.close();
  // Infinities are counted over the rows of the file that holds them.
  return dataset.columns.map(({ sharedPosition: _, infinite: __, ...column }) => column);
}

it('fetched once gives what every pair would have fetched itself, also with keys of their own', async () => {
  const apart = await plan(specOf(SharedGroups.SHARED_GROUPS_PER_PAIR));
  const once = await plan(specOf(SharedGroups.SHARED_GROUPS_ONCE));
  expect(once.shared).toMatchObject({ rowsAtLeast: 900, rowsAtMost: 1800, tables: 6, cached: false });
  for (const [i, pair] of once.pairs.entries()) {
    expect(pair).toMatchObject({
      columns: COLUMNS,
      perPairStatements: 1,
      perPairBytes: apart.pairs[i]!.bytes,
    });
    expect(pair.bytes).toBeLessThan(pair.perPairBytes);
    expect(pair.datasetId).not.toBe(apart.pairs[i]!.datasetId);
  }
  const refs = await fetch('once', once);
  const { jobs } = await callUnary(client, client.listQueryJobs, { runId: 'once' });
  expect(jobs.map((job) => job.datasetId).sort()).toEqual(
    [once.shared!, ...once.pairs].map(({ datasetId }) => datasetId).sort(),
  );
  expect(jobs.map((job) => [job.shared, PAIRS.includes(job.pair)])).toEqual([
    [true, true],
    [false, true],
    [false, true],
  ]);
  expect(refs.filter(({ shared }) => shared?.statementsRun === 1)).toHaveLength(1);
  const total = jobs.reduce((sum, job) => sum + job.bytesBilled, 0n);
  expect(total).toBe(once.shared!.bytes + once.pairs[0]!.bytes + once.pairs[1]!.bytes);

  const others = await fetch('apart', apart);
  for (const [i, ref] of refs.entries()) {
    expect(ref.contentSha256).toBe(others[i]!.contentSha256);
    expect(ref.columns).toBe(others[i]!.columns);
    expect(await columnsOf(ref)).toEqual(await columnsOf(others[i]!));
    expect((await callUnary(client, client.verifyDataset, { datasetId: ref.datasetId })).ok).toBe(true);
  }
});

it('is estimated alone where only its bytes are asked for, as for what it would save', async () => {
  const spec = specOf(SharedGroups.SHARED_GROUPS_PER_PAIR);
  const whole = await plan(specOf(SharedGroups.SHARED_GROUPS_ONCE));
  const { plan: shared } = await callUnary(client, client.estimateShared, { spec, bytesOnly: true });
  expect(shared).toEqual({ ...whole.shared, strategies: [] });
  expect(whole.shared!.strategies).toHaveLength(2);
  const request = { spec, pair: PAIRS[0]!, sharedDatasetId: shared!.datasetId, bytesOnly: true };
  const { plan: own } = await callUnary(client, client.estimatePair, request);
  const [first] = whole.pairs;
  expect(own).toEqual({ ...first, strategies: [], perPairBytes: 0n, perPairStatements: 0 });
  expect(first!.strategies).toHaveLength(2);
});

it('is cached, kept while others refer to it, and fetched alone when it is gone', async () => {
  const spec = specOf(SharedGroups.SHARED_GROUPS_ONCE);
  const again = await plan(spec);
  expect([again.shared!, ...again.pairs].map(({ cached }) => cached)).toEqual([true, true, true]);
  const refs = await fetch('again', again, true);
  expect(refs.every((ref) => ref.cached && ref.statementsRun === 0 && ref.shared?.cached)).toBe(true);
  expect((await callUnary(client, client.listQueryJobs, { runId: 'again' })).jobs).toEqual([]);

  const { datasetId } = again.shared!;
  const { datasets } = await callUnary(client, client.listDatasets, {});
  const listed = datasets.find((each) => each.datasetId === datasetId)!;
  expect(listed.pair).toBe('shared');
  expect(basename(listed.path)).toBe(`shared-${datasetId}.duckdb`);
  expect(listed.referencedBy.sort()).toEqual(again.pairs.map((pair) => pair.datasetId).sort());
  await expect(callUnary(client, client.deleteDataset, { datasetId, force: false })).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringMatching(/part of the datasets of (eurusd, gbpusd|gbpusd, eurusd)/),
  });
  await callUnary(client, client.deleteDataset, { datasetId, force: true });
  expect((await callUnary(client, client.listDatasets, {})).unreadable).toHaveLength(2);
  await expect(fetch('gone', again, true)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });

  const missing = await plan(spec);
  expect([missing.shared!, ...missing.pairs].map(({ cached }) => cached)).toEqual([false, true, true]);
  await fetch('mended', missing);
  const { jobs } = await callUnary(client, client.listQueryJobs, { runId: 'mended' });
  expect(jobs.map((job) => job.datasetId)).toEqual([datasetId]);
});

it('takes the same days for all pairs, chosen by the least rows of a day', async () => {
  const once = await plan(specOf(SharedGroups.SHARED_GROUPS_ONCE, SampleStrategy.SAMPLE_STRATEGY_DAYS));
  const [eurusd, gbpusd] = await fetch('days', once);
  expect(eurusd!.rows).toBe(900);
  expect(gbpusd!.rows).toBe(900);
  const days = async (ref: DatasetRef): Promise<Set<string>> => {
    const dataset = await openDataset(ref.path);
    const { time } = await dataset.readKeys();
    dataset.close();
    return new Set(Array.from(time, (ms) => new Date(ms).toISOString().slice(0, 10)));
  };
  expect(await days(eurusd!)).toEqual(await days(gbpusd!));
});

it('is made of a larger one, as its pairs are, and serves fewer rows of a pair within', async () => {
  const whole = await plan(specOf(SharedGroups.SHARED_GROUPS_ONCE));
  const [first] = await fetch('whole', whole);
  const billed = (await callUnary(client, client.listQueryJobs, { runId: '' })).jobs.length;
  const part = RunSpec.fromPartial({ ...whole.spec, universe: { exclude: ['mkt_*', 'mom_*'] } });
  const planned = await plan(part);
  expect(planned.shared).toMatchObject({ cached: true, servedFrom: whole.shared!.datasetId });
  expect(planned.pairs.map(({ servedFrom }) => servedFrom)).toEqual(whole.pairs.map((p) => p.datasetId));
  const made = await fetch('part', planned);
  expect(made.map(({ bytesBilled, shared }) => [bytesBilled, shared?.derivedFrom])).toEqual(
    made.map(() => [0n, whole.shared!.datasetId]),
  );
  expect((await callUnary(client, client.listQueryJobs, { runId: '' })).jobs).toHaveLength(billed);

  const fewer = RunSpec.fromPartial({ ...whole.spec, sample: { ...whole.spec.sample!, rows: 500 } });
  const request = {
    spec: fewer,
    pair: 'eurusd',
    sharedDatasetId: whole.shared!.datasetId,
    withinDatasetId: first!.datasetId,
  };
  const within = (await callUnary(client, client.estimatePair, request)).plan!;
  expect(within).toMatchObject({ cached: true, servedFrom: first!.datasetId, rows: 500 });
  const [small] = await fetch('fewer', { spec: fewer, shared: whole.shared, pairs: [within] }, true);
  expect(small).toMatchObject({ rows: 500, bytesBilled: 0n, derivedFrom: first!.datasetId });
  const apart = { ...fewer, sharedGroups: SharedGroups.SHARED_GROUPS_PER_PAIR };
  const [fetched] = await fetch('apart', await plan(apart));
  expect(small!.contentSha256).toBe(fetched!.contentSha256);
});
