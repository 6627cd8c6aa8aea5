import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EstimatePairRequest, FetchPairRequest } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { type DeepPartial, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import type { OnescanError } from '@onescan/contract/onescan-error.js';
import { callServerStream, callUnary } from '@onescan/process/grpc/client.js';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { FetcherHarness } from './fixtures/fetcher-harness.js';
import { buildTinyWarehouse } from './fixtures/tiny-warehouse.js';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 }); // generous: the machine may be busy
process.env.ONESCAN_LOG_LEVEL = 'silent';

let folder: string;
let fetcher: FetcherHarness;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-hostile-'));
  const warehouse = await buildTinyWarehouse(join(folder, 'wh'));
  fetcher = await FetcherHarness.start(warehouse, join(folder, 'cache'));
});
afterAll(async () => {
  await fetcher?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const LONG = 'x'.repeat(300_000);
const spec = (change: DeepPartial<RunSpec>): RunSpec =>
  RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 500 }, ...change });
const horizons = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

function estimate(request: DeepPartial<EstimatePairRequest>): Promise<unknown> {
  const { client } = fetcher;
  return callUnary(
    client,
    client.estimatePair,
    EstimatePairRequest.fromPartial({ pair: 'eurusd', ...request }),
  );
}

async function fetchPair(request: DeepPartial<FetchPairRequest>): Promise<void> {
  const { client } = fetcher;
  const whole = FetchPairRequest.fromPartial({ pair: 'eurusd', spec: spec({}), ...request });
  for await (const _ of callServerStream(client, client.fetchPair, whole));
}

it.each<[string, () => Promise<unknown>]>([
  ['10,000 horizons', () => estimate({ spec: spec({ horizons: horizons(10_000) }) })],
  ['200,000 horizons with a double', () => estimate({ spec: spec({ horizons: [...horizons(200_000), 1] }) })],
  ['a long glob', () => estimate({ spec: spec({ universe: { exclude: [LONG] } }) })],
  ['many globs', () => estimate({ spec: spec({ universe: { exclude: new Array(5_000).fill('*') } }) })],
  ['a long pair', () => estimate({ spec: spec({}), pair: LONG })],
  ['a long plan id', () => estimate({ spec: spec({}), planId: LONG })],
  ['a long dataset id', () => fetchPair({ datasetId: LONG })],
  ['a long run id', () => fetchPair({ runId: LONG })],
  ['a long trace parent', () => fetchPair({ traceparent: LONG })],
  ['many statements', () => fetchPair({ maximumBytesBilled: new Array(20_000).fill(1n) })],
])('refuses %s at once, in a short text', async (_what, ask) => {
  const started = performance.now();
  const error = (await ask().catch((thrown: unknown) => thrown)) as OnescanError;
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(error.text.length).toBeLessThan(300);
  expect(performance.now() - started).toBeLessThan(5_000);
});

it('an id with an emoji across the place where texts are cut harms nobody', async () => {
  const { client } = fetcher;
  const datasetId = `${'a'.repeat(15)}😀zzzz`;
  const asked = fetchPair({ datasetId, maximumBytesBilled: [1n << 40n] });
  await expect(asked).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await callUnary(client, client.listDatasets, {});
});

it.each(['*_'.repeat(60), '*'.repeat(100), '?*'.repeat(60)])(
  'plans with the glob %s as fast as with any other',
  async (stars) => {
    const started = performance.now();
    await estimate({ spec: spec({ universe: { exclude: [`${stars}zzz`] } }), bytesOnly: true });
    expect(performance.now() - started).toBeLessThan(10_000);
  },
);
