import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Client, type ClientOptions, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import {
  type FetcherServiceServer,
  FetcherServiceService,
  VerifyDatasetRequest,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { afterEach, expect, it } from 'vitest';
import { unary } from '../handlers.js';
import { type RunningServer, startServer } from '../start-server.js';
import { guardedService } from './guarded-service.js';
import type { ServerLimits } from './server-limits.js';

const BRIEF = { bytes: 4_096 };
const VERIFY = '/onescan.v1.FetcherService/VerifyDataset';

let server: RunningServer | undefined;
let calls = 0;
const clients: Client[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server?.shutdown(100);
  server = undefined;
  calls = 0;
});

async function serve(limits: Partial<ServerLimits> = {}): Promise<void> {
  const service = guardedService(FetcherServiceService, {
    methods: Object.fromEntries(Object.keys(FetcherServiceService).map((name) => [name, BRIEF])) as Record<
      keyof typeof FetcherServiceService,
      typeof BRIEF
    >,
    fields: {},
  });
  const implementation = {
    verifyDataset: unary(async () => {
      calls++;
      return { ok: true, problems: [], columnsChecked: 0 };
    }),
  } as unknown as FetcherServiceServer;
  server = await startServer({
    listen: '127.0.0.1:0',
    register: (grpc) => grpc.addService(service, implementation),
    healthNames: [],
    limits,
  });
}

function newClient(options: ClientOptions = {}): Client {
  const client = new Client(server!.address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_send_message_length': -1,
    ...options,
  });
  clients.push(client);
  return client;
}

/** Sends bytes as they are; the name of the status and what it says. */
function send(client: Client, bytes: Buffer): Promise<[string | undefined, string]> {
  const same = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + 10_000 };
    client.makeUnaryRequest(
      VERIFY,
      same,
      same,
      bytes,
      new Metadata(),
      options,
      (error: ServiceError | null) => resolve([status[error?.code ?? status.OK], error?.details ?? '']),
    );
  });
}

const named = (datasetId: string): Buffer => Buffer.from(VerifyDatasetRequest.encode({ datasetId }).finish());

it.each<[string, Buffer, string, RegExp]>([
  ['a long id', named('x'.repeat(129)), 'INVALID_ARGUMENT', /^datasetId: a text of 129 characters/],
  ['half an emoji', named('x'.repeat(31).concat('😀'.repeat(60))), 'INVALID_ARGUMENT', /^datasetId/],
  [
    'more bytes than the method takes',
    named('x'.repeat(5_000)),
    'RESOURCE_EXHAUSTED',
    /VerifyDataset takes no/,
  ],
  ['more bytes than any method takes', Buffer.alloc(2 << 20), 'RESOURCE_EXHAUSTED', /larger than max/],
  ['bytes that are no message', Buffer.from([0x0a, 0xff]), 'INVALID_ARGUMENT', /bytes that are not/],
])('answers %s before its method is called, and goes on', async (_what, bytes, code, says) => {
  await serve();
  const client = newClient();
  expect(await send(client, bytes)).toEqual([code, expect.stringMatching(says)]);
  expect(calls).toBe(0);
  expect(await send(client, named('x'))).toEqual(['OK', '']);
});

it('unpacks no more of a message than it may have', async () => {
  await serve();
  const client = newClient({ 'grpc.default_compression_algorithm': 2 });
  const before = process.memoryUsage.rss();
  const bomb = Buffer.alloc(200 << 20);
  const [code, details] = await send(client, bomb);
  expect([code, details]).toEqual(['RESOURCE_EXHAUSTED', expect.stringMatching(/larger than/)]);
  // The client holds the whole of it, the server a piece.
  expect(process.memoryUsage.rss() - before).toBeLessThan(400 << 20);
});

it('answers a connection that calls too often, and not the others', async () => {
  await serve({ calls: { burst: 20, perSecond: 1 } });
  const flood = newClient();
  const codes = await Promise.all(Array.from({ length: 60 }, () => send(flood, named('x'))));
  const refused = codes.filter(([code]) => code === 'RESOURCE_EXHAUSTED');
  expect(refused.length).toBeGreaterThan(30);
  expect(refused[0]![1]).toMatch(/too many calls/);
  expect(await send(newClient(), named('x'))).toEqual(['OK', '']);
});

it('ends a call whose message does not come', async () => {
  await serve({ firstMessageMs: 100 });
  const same = (value: Buffer): Buffer => value;
  const thrown = await new Promise<ServiceError | null>((resolve) => {
    newClient().makeClientStreamRequest(VERIFY, same, same, resolve);
  });
  expect([thrown?.code, thrown?.details]).toEqual([
    status.DEADLINE_EXCEEDED,
    expect.stringMatching(/0\.1 s/),
  ]);
});

it('closes connections above the most it takes, and takes others when some have gone', async () => {
  await serve({ connections: 10 });
  const [host, port] = server!.address.split(':');
  const open = async (): Promise<Socket> => {
    const socket = connect(Number(port), host).on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  const first = await Promise.all(Array.from({ length: 10 }, open));
  const over = await Promise.all(Array.from({ length: 5 }, open));
  await Promise.all(over.map((socket) => socket.destroyed || once(socket.resume(), 'close')));
  expect(first.filter(({ destroyed }) => destroyed)).toEqual([]);
  for (const socket of first) socket.destroy();
  await expect.poll(async () => (await send(newClient(), named('x')))[0], { timeout: 5_000 }).toBe('OK');
});

it('closes a connection without calls after a while', async () => {
  await serve({ idleMs: 200 });
  const [host, port] = server!.address.split(':');
  const silent = connect(Number(port), host).resume();
  await once(silent, 'close');
});
