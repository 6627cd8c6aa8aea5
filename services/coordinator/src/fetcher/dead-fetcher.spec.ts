import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { FetcherServiceClient, FetchPairRequest } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { createClient } from '@onescan/process/grpc/client.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pairPlan } from '../testing/scripted-fetcher.js';
import { askDataset, STREAM_BOUNDS, type StreamBounds } from './ask-dataset.js';
import { readBilled } from './ask-fetcher.js';

/** A fetcher in a process of its own, whose fetches begin and do not go on. */
const SERVE = `
const { startScriptedFetcher } = await import(process.argv[1]);
const { address } = await startScriptedFetcher({ beforeDataset: () => new Promise(() => undefined) });
console.log(address);`;
const SCRIPT = new URL('../../dist/testing/scripted-fetcher.js', import.meta.url).href;

let fetcher: ChildProcess;
let client: FetcherServiceClient;
beforeEach(async () => {
  fetcher = spawn(process.execPath, ['--input-type=module', '-e', SERVE, SCRIPT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(fetcher.stdout!, 'data')) as [Buffer];
  client = createClient(FetcherServiceClient, line.toString().trim());
});
afterEach(() => {
  client.close();
  fetcher.kill('SIGKILL');
});

/** Fetches eurusd; `begun` is called with the first progress. */
function fetch(bounds: Partial<StreamBounds>, begun: () => void = () => undefined) {
  const planned = pairPlan('eurusd');
  const request = FetchPairRequest.create({ pair: 'eurusd', datasetId: planned.datasetId });
  const retries: string[] = [];
  const outcome = askDataset(
    client,
    { request: async () => request, planned, plan: { pricePerTibUsd: 6.4, shared: undefined } },
    {
      signal: new AbortController().signal,
      waitsMs: [50, 50],
      bounds: { ...STREAM_BOUNDS, ...bounds },
      onProgress: begun,
      onSpans: () => undefined,
      onRetry: (error) => retries.push(error.message),
    },
  ).catch((thrown: unknown) => ({ thrown, retries }));
  return outcome;
}

test('one that was stopped in the middle of a fetch is given up after its silence', async () => {
  const outcome = await fetch({ silenceMs: 1_000 }, () => fetcher.kill('SIGSTOP'));
  const message = 'eurusd: the fetcher was silent for 1 s';
  expect(outcome).toMatchObject({ thrown: { code: 'DEADLINE_EXCEEDED', message }, retries: [] });
});

test('one that does not end is given up', async () => {
  const message = 'eurusd: the fetch did not end within 0.5 s';
  expect(await fetch({ totalMs: 500 })).toMatchObject({ thrown: { code: 'DEADLINE_EXCEEDED', message } });
});

test('one that is killed is asked again, then named with what to do', async () => {
  const outcome = await fetch({}, () => fetcher.kill('SIGKILL'));
  const message = expect.stringContaining('the fetcher cannot be reached: ');
  const remedy = expect.stringContaining('Start it again');
  expect(outcome).toMatchObject({
    thrown: { code: 'UNAVAILABLE', message, remedy },
    retries: [message, message],
  });
  // Nobody listens there now.
  await expect(readBilled(client, { runId: 'r', pair: 'eurusd' })).rejects.toMatchObject({ message, remedy });
});
