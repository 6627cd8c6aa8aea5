import { connect as connectHttp2 } from 'node:http2';
import { type ClientReadableStream, type ServiceError, status } from '@grpc/grpc-js';
import {
  FetcherServiceClient,
  type FetcherServiceServer,
  FetcherServiceService,
  type ReadDatasetResponse,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import {
  type PutTaskFileResponse,
  TrainerHubServiceClient,
  type TrainerHubServiceServer,
  TrainerHubServiceService,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { afterEach, expect, it } from 'vitest';
import { callUnary, createClient } from './client.js';
import { clientStream, serverStream, unary } from './handlers.js';
import { type RunningServer, startServer } from './start-server.js';

const CHUNK = Buffer.alloc(1 << 20);

let server: RunningServer | undefined;
let sent = 0;
let ended = 0;
let aborted = 0;
let cut = 0;

afterEach(async () => {
  await server?.shutdown(100);
  server = undefined;
  sent = 0;
  ended = 0;
  aborted = 0;
  cut = 0;
});

async function serve(patienceMs?: number): Promise<void> {
  const patience = patienceMs === undefined ? {} : { patienceMs };
  const fetcher = {
    readDataset: serverStream(async function* (_request, call) {
      call.on('cancelled', () => cut++);
      try {
        for (;;) {
          sent++;
          yield { offset: 0n, chunk: CHUNK, totalBytes: 0n };
        }
      } finally {
        ended++;
      }
    }, patience),
    listQueryJobs: unary((_request, _call, signal) => {
      signal.addEventListener('abort', () => aborted++);
      return new Promise(() => undefined);
    }),
  } as unknown as FetcherServiceServer;
  const hub = {
    putTaskFile: clientStream(async (requests): Promise<PutTaskFileResponse> => {
      try {
        for await (const _ of requests);
        return {};
      } finally {
        ended++;
      }
    }, patience),
  } as unknown as TrainerHubServiceServer;
  server = await startServer({
    listen: '127.0.0.1:0',
    register: (grpc) => {
      grpc.addService(FetcherServiceService, fetcher);
      grpc.addService(TrainerHubServiceService, hub);
    },
    healthNames: [],
  });
}

/** Asks for a file and reads nothing of it. */
function stalled(client: FetcherServiceClient): ClientReadableStream<ReadDatasetResponse> {
  const call = client.readDataset({ datasetId: '', offset: 0n });
  call.on('error', () => undefined).pause();
  return call;
}

it('holds little for readers that read nothing', async () => {
  await serve();
  const client = createClient(FetcherServiceClient, server!.address);
  const calls = Array.from({ length: 20 }, () => stalled(client));
  await expect.poll(() => sent).toBeGreaterThanOrEqual(20);
  const before = sent;
  await new Promise((resolve) => setTimeout(resolve, 500));
  // What the client takes in by itself goes on; the server is never more than a message ahead of that.
  expect(sent - before).toBeLessThan(20 * 20);
  for (const call of calls) call.cancel();
  await expect.poll(() => ended).toBe(20);
  client.close();
});

/** A call over bare HTTP/2, whose window stays full: the client of grpc-js takes messages in that nobody reads. */
function neverReading(): { close(): void } {
  const session = connectHttp2(`http://${server!.address}`).on('error', () => undefined);
  const path = '/onescan.v1.FetcherService/ReadDataset';
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const call = session.request(headers).on('error', () => undefined);
  // A message of no bytes.
  call.end(Buffer.alloc(5));
  return { close: () => session.destroy() };
}

it('cuts a reader that leaves a message unread for too long', async () => {
  await serve(200);
  const reader = neverReading();
  await expect.poll(() => ended, { timeout: 4_000 }).toBe(1);
  // The stream itself has gone, and with it what was still to be sent.
  await expect.poll(() => cut, { timeout: 4_000 }).toBe(1);
  reader.close();
});

it('ends an upload whose messages stop coming', async () => {
  await serve(200);
  const client = createClient(TrainerHubServiceClient, server!.address);
  const error = await new Promise<ServiceError | null>((resolve) => {
    client.putTaskFile(resolve).write({ message: { $case: 'chunk', value: CHUNK.subarray(0, 10) } });
  });
  expect([error?.code, error?.details]).toEqual([status.DEADLINE_EXCEEDED, 'no message came within 0.2 s']);
  expect(ended).toBe(1);
  client.close();
});

it('tells a unary method that its caller has gone, or that the deadline is over', async () => {
  await serve();
  const client = createClient(FetcherServiceClient, server!.address);
  const late = callUnary(client, client.listQueryJobs, { runId: '' }, { deadlineMs: 100 });
  await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  await expect.poll(() => aborted).toBe(1);
  const abort = new AbortController();
  const gone = callUnary(client, client.listQueryJobs, { runId: '' }, { signal: abort.signal });
  setTimeout(() => abort.abort(), 50);
  await expect(gone).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect.poll(() => aborted).toBe(2);
  client.close();
});
