import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DatasetRef,
  FetcherServiceClient,
  FetchPairRequest,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import { createLog } from '@onescan/process/log.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseFetcherOptions } from './fetcher-options.js';
import { PAIR_GROUP } from './fixtures/plan-and-fetch.js';
import { buildTinyWarehouse } from './fixtures/tiny-warehouse.js';
import { type RunningFetcher, startFetcher } from './start-fetcher.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
process.env.ONESCAN_LOG_LEVEL = 'silent';

const SPEC = RunSpec.fromPartial({ pairs: ['eurusd'], universe: { groups: [PAIR_GROUP] } });

let root = '';
let fetcher: RunningFetcher;
let client: FetcherServiceClient;
let dataset: DatasetRef;

const start = async (cache: string): Promise<RunningFetcher> =>
  startFetcher(
    parseFetcherOptions(['--warehouse', join(root, 'w'), '--cache', join(root, cache)]),
    createLog('test'),
  );

async function fetchPair(changes: Partial<FetchPairRequest>): Promise<DatasetRef> {
  const wanted = FetchPairRequest.fromPartial({ pair: 'eurusd', spec: SPEC, ...changes });
  for await (const { message } of callServerStream(client, client.fetchPair, wanted)) {
    if (message?.$case === 'dataset') return message.value;
  }
  throw new Error('no dataset came');
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'onescan-names-'));
  await buildTinyWarehouse(join(root, 'w'));
  fetcher = await start('cache');
  client = createClient(FetcherServiceClient, fetcher.address);
  const { plan } = await callUnary(client, client.estimatePair, {
    spec: SPEC,
    pair: 'eurusd',
    sharedDatasetId: '',
  });
  const maximumBytesBilled = plan!.statements.map((statement) => statement.maximumBytesBilled);
  dataset = await fetchPair({ datasetId: plan!.datasetId, maximumBytesBilled });
  mkdirSync(join(root, 'out'));
  copyFileSync(dataset.path, join(root, 'out', `evil-${dataset.datasetId}.duckdb`));
});
afterAll(async () => {
  client.close();
  await fetcher.drain(0);
  rmSync(root, { recursive: true });
});

describe('a name that is none is refused before anything is looked for', () => {
  const drain = async (stream: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of stream);
  };
  const calls: Record<string, (pair: string, datasetId: string) => Promise<unknown>> = {
    fetchPair: (pair, datasetId) => fetchPair({ pair, datasetId, cachedOnly: true }),
    estimatePair: (pair, sharedDatasetId) =>
      callUnary(client, client.estimatePair, { spec: SPEC, pair, sharedDatasetId }),
    'estimatePair within': (pair, withinDatasetId) =>
      callUnary(client, client.estimatePair, { spec: SPEC, pair, sharedDatasetId: '', withinDatasetId }),
    'fetchPair shared': (pair, sharedDatasetId) => fetchPair({ pair, sharedDatasetId, cachedOnly: true }),
    'fetchPair within': (pair, withinDatasetId) => fetchPair({ pair, withinDatasetId, cachedOnly: true }),
  };
  const byId: typeof calls = {
    verifyDataset: (_, datasetId) => callUnary(client, client.verifyDataset, { datasetId }),
    deleteDataset: (_, datasetId) => callUnary(client, client.deleteDataset, { datasetId, force: true }),
    cancelFetch: (_, datasetId) => callUnary(client, client.cancelFetch, { datasetId }),
    readDataset: (_, datasetId) =>
      drain(callServerStream(client, client.readDataset, { datasetId, offset: 0n })),
  };
  const up = '../'.repeat(12);

  it.each(Object.keys(calls))('pair: %s', async (name) => {
    const outside = `x/${up}${root.slice(1)}/out/evil`;
    for (const pair of [outside, '../out/evil', '', 'EURUSD', 'eurusd/..', 'x'.repeat(10_000)]) {
      await expect(calls[name]!(pair, dataset.datasetId), pair).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
  });

  it.each(Object.keys({ ...calls, ...byId }))('dataset: %s', async (name) => {
    const call = { ...calls, ...byId }[name]!;
    for (const id of [
      `/${up}etc/hostname`,
      '../x.duckdb',
      'a'.repeat(65),
      'xyz',
      'abc',
      '%2e%2e',
      'A'.repeat(64),
    ]) {
      await expect(call('eurusd', id), id).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });

  it('and one that is a beginning finds the dataset', async () => {
    const datasetId = dataset.datasetId.slice(0, 8);
    expect((await callUnary(client, client.verifyDataset, { datasetId })).ok).toBe(true);
  });
});

it('a link in place of a dataset is refused, listed as such, and removed without what it leads to', async () => {
  const target = join(root, 'out', `evil-${dataset.datasetId}.duckdb`);
  const { datasetId, path } = dataset;
  rmSync(path);
  symlinkSync(target, path);
  const refused = { code: 'FAILED_PRECONDITION', message: `${path} is a link, which is not followed` };
  await expect(fetchPair({ datasetId, cachedOnly: true })).rejects.toMatchObject(refused);
  await expect(callUnary(client, client.verifyDataset, { datasetId })).rejects.toMatchObject(refused);
  const bytes = callServerStream(client, client.readDataset, { datasetId, offset: 0n });
  await expect(bytes[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
  const { datasets, unreadable } = await callUnary(client, client.listDatasets, {});
  expect([datasets, unreadable]).toEqual([[], [{ path, reason: refused.message }]]);
  await callUnary(client, client.deleteDataset, { datasetId, force: false });
  expect([existsSync(path), existsSync(target)]).toEqual([false, true]);
});

it.each(['jobs.jsonl', 'known-splits.json', '.lock'])(
  'a fetcher writes to no link in place of %s',
  async (name) => {
    const cache = `cache-${name}`;
    mkdirSync(join(root, cache));
    symlinkSync(join(root, 'written'), join(root, cache, name));
    await expect(start(cache)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(existsSync(join(root, 'written'))).toBe(false);
  },
);
