import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import {
  FetcherServiceClient,
  type FetcherServiceServer,
  FetcherServiceService,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { service as healthService } from 'grpc-health-check';
import { afterEach, expect, it, vi } from 'vitest';
import { makeAuthority, replaceFile } from '../testing/certificates.js';
import { watchHealth } from '../testing/watch-health.js';
import { callServerStream, callUnary, createClient } from './client.js';
import { serverStream, unary } from './handlers.js';
import { type RunningServer, startServer } from './start-server.js';

const CHUNK = Buffer.alloc(256 * 1024, 7);
const CHUNKS = 64;

let server: RunningServer | undefined;
let sent = 0;
let stopped = false;

afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.shutdown(100);
  server = undefined;
});

async function serve(): Promise<FetcherServiceClient> {
  const refuse = unary(async () => {
    throw new OnescanError('NOT_FOUND', 'no such dataset', { remedy: 'List them' });
  });
  const implementation = {
    estimatePair: refuse,
    fetchPair: serverStream(async function* () {
      yield {
        message: {
          $case: 'progress' as const,
          value: { stage: 'query', done: 1n, total: 2n, rssBytes: 0n },
        },
      };
      throw new OnescanError('DATA_LOSS', 'torn');
    }),
    listDatasets: unary(async () => ({ datasets: [], unreadable: [] })),
    verifyDataset: refuse,
    deleteDataset: unary(() => {
      throw new OnescanError('FAILED_PRECONDITION', 'thrown before any promise');
    }),
    readDataset: serverStream(async function* (_request, _call, signal) {
      try {
        for (sent = 0; sent < CHUNKS && !signal.aborted; sent++) {
          yield { offset: BigInt(sent), chunk: CHUNK, totalBytes: 0n };
        }
      } finally {
        stopped = true;
      }
    }),
    listQueryJobs: unary(() => new Promise(() => undefined)),
  } as unknown as FetcherServiceServer;
  server = await startServer({
    listen: '127.0.0.1:0',
    register: (s) => s.addService(FetcherServiceService, implementation),
    healthNames: ['onescan.v1.FetcherService'],
  });
  return createClient(FetcherServiceClient, server.address);
}

it('carries results and errors of unary calls', async () => {
  const client = await serve();
  expect(await callUnary(client, client.listDatasets, {})).toEqual({ datasets: [], unreadable: [] });
  const failed = callUnary(client, client.verifyDataset, { datasetId: 'x' });
  await expect(failed).rejects.toMatchObject({ code: 'NOT_FOUND', remedy: 'List them' });
  const early = callUnary(client, client.deleteDataset, { datasetId: 'x', force: false });
  await expect(early).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  client.close();
});

it('ends a call at its deadline and on abort', async () => {
  const client = await serve();
  const late = callUnary(client, client.listQueryJobs, { runId: '' }, { deadlineMs: 50 });
  await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  const abort = new AbortController();
  const cancelled = callUnary(client, client.listQueryJobs, { runId: '' }, { signal: abort.signal });
  abort.abort();
  await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
  client.close();
});

it('delivers what came before a stream failed, then the error', async () => {
  const client = await serve();
  const stages: string[] = [];
  const read = async (): Promise<void> => {
    for await (const { message } of callServerStream(client, client.fetchPair, fetchRequest())) {
      if (message?.$case === 'progress') stages.push(message.value.stage);
    }
  };
  await expect(read()).rejects.toMatchObject({ code: 'DATA_LOSS', message: 'torn' });
  expect(stages).toEqual(['query']);
  client.close();
});

it('stops the server side when the reader leaves, and never runs far ahead of it', async () => {
  const client = await serve();
  stopped = false;
  for await (const _ of callServerStream(client, client.readDataset, { datasetId: 'x', offset: 0n })) break;
  await expect.poll(() => stopped).toBe(true);
  expect(sent).toBeLessThan(CHUNKS);
  client.close();
});

it('refuses addresses that are malformed or not loopback', async () => {
  const options = { register: () => undefined, healthNames: [] };
  await expect(startServer({ ...options, listen: 'localhost' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
  await expect(startServer({ ...options, listen: '0.0.0.0:0' })).rejects.toThrow('without TLS');
});

it('says which port is taken', async () => {
  await serve();
  const taken = server!.address;
  const second = startServer({ listen: taken, register: () => undefined, healthNames: [] });
  await expect(second).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining(taken),
  });
});

function fetchRequest() {
  return {
    runId: '',
    spec: undefined,
    pair: '',
    planHash: '',
    datasetId: '',
    maximumBytesBilled: [],
    cachedOnly: false,
    traceparent: '',
    sharedDatasetId: '',
    sharedMaximumBytesBilled: [],
  };
}

it('health goes NOT_SERVING at shutdown, and who watches it does not hold the server up', async () => {
  (await serve()).close();
  const Client = makeGenericClientConstructor(healthService, 'Health');
  const client = new Client(server!.address, credentials.createInsecure());
  const watch = client.watch!({ service: 'onescan.v1.FetcherService' });
  const seen: string[] = [];
  let stopped: Promise<void> | undefined;
  for await (const { status } of watch) {
    seen.push(status);
    // Within its grace a server that waits for watchers would outlast the test.
    stopped ??= server!.shutdown(600_000);
  }
  await stopped;
  client.close();
  expect(seen).toEqual(['SERVING', 'NOT_SERVING']);
});

it.each(['http_proxy', 'https_proxy', 'grpc_proxy', 'all_proxy'])(
  'speaks to its own machine past %s',
  async (name) => {
    for (const each of [name, name.toUpperCase()]) vi.stubEnv(each, 'http://127.0.0.1:9');
    const client = await serve();
    const { datasets } = await callUnary(client, client.listDatasets, {}, { deadlineMs: 5_000 });
    expect(datasets).toEqual([]);
    const health = watchHealth(server!.address);
    await vi.waitUntil(() => health.seen.length > 0, { timeout: 5_000 });
    expect(health.seen).toEqual(['SERVING']);
    health.close();
    client.close();
  },
);

it('goes through the proxy of the environment to other machines', async () => {
  const asked: string[] = [];
  const proxy = createServer().on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const { port } = proxy.address() as AddressInfo;
  vi.stubEnv('http_proxy', `http://127.0.0.1:${port}`);
  const folder = mkdtempSync(join(tmpdir(), 'onescan-proxy-'));
  const ca = replaceFile(join(folder, 'ca.crt'), makeAuthority().cert);
  const client = createClient(FetcherServiceClient, 'fetcher.example.org:7401', {}, { ca });
  rmSync(folder, { recursive: true });
  const thrown: unknown = await callUnary(client, client.listDatasets, {}).catch((error: unknown) => error);
  expect(asked[0]).toBe('fetcher.example.org:7401');
  expect(OnescanError.from(thrown)).toMatchObject({ code: 'UNAVAILABLE' });
  expect((thrown as OnescanError).text).not.toMatch(/undefined|null|Resolution note: *$/);
  client.close();
  proxy.close();
});
