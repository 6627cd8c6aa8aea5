import {
  type Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  status,
} from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { proxyOptions } from './client.js';
import { type RunningServer, startServer } from './start-server.js';

const HealthClient = makeGenericClientConstructor(service, 'Health');

let server: RunningServer;
let client: Client &
  Record<string, (request: { service: string }) => ClientReadableStream<{ status: string }>>;

beforeEach(async () => {
  server = await startServer({
    listen: '127.0.0.1:0',
    register: () => undefined,
    healthNames: ['onescan.v1.FetcherService'],
  });
  client = new HealthClient(
    server.address,
    credentials.createInsecure(),
    proxyOptions(server.address),
  ) as never;
});
afterEach(async () => {
  client.close();
  await server.shutdown(100);
});

/** Sends bytes to a unary method of the health service; the name of the status and what it says. */
function send(method: string, bytes: Buffer): Promise<[string, string]> {
  const same = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    client.makeUnaryRequest(`/grpc.health.v1.Health/${method}`, same, same, bytes, new Metadata(), (error) =>
      resolve([status[error?.code ?? status.OK]!, error?.details ?? '']),
    );
  });
}

const named = (name: string): Buffer => Buffer.concat([Buffer.from([0x0a, name.length]), Buffer.from(name)]);

it.each<[string, string, Buffer, string, RegExp]>([
  ['Check', 'a service', named('onescan.v1.FetcherService'), 'OK', /^$/],
  ['Check', 'the server', Buffer.alloc(0), 'OK', /^$/],
  ['Check', 'bytes that are no request', Buffer.from([0x0a, 0xff]), 'INVALID_ARGUMENT', /bytes that are not/],
  ['List', 'bytes that are no request', Buffer.from([0x0a, 0xff]), 'INVALID_ARGUMENT', /bytes that are not/],
  ['Check', 'a stranger', named('\u001b[2Jx'), 'NOT_FOUND', /no service ".\[2Jx"$/],
  [
    'Check',
    'more bytes than a name has',
    Buffer.alloc(2_000),
    'RESOURCE_EXHAUSTED',
    /takes no message of 2000 bytes/,
  ],
])('%s answers %s', async (method, _what, bytes, code, says) => {
  expect(await send(method, bytes)).toEqual([code, expect.stringMatching(says)]);
});

it('keeps nothing of services that it does not know, whoever watches them', async () => {
  const watched = async (name: string): Promise<string> => {
    const call = client.watch!({ service: name });
    call.on('error', () => undefined);
    const [status] = await new Promise<[{ status: string }]>((resolve) =>
      call.once('data', (data) => resolve([data])),
    );
    call.cancel();
    return status.status;
  };
  expect(await watched('onescan.v1.FetcherService')).toBe('SERVING');
  // In this process: what a server keeps of a name is kept here.
  const seen: WeakRef<object>[] = [];
  const { set } = Map.prototype;
  Map.prototype.set = function (key: unknown, value: unknown) {
    if (typeof key === 'string' && key.startsWith('stranger-')) seen.push(new WeakRef(this));
    return set.call(this, key, value);
  };
  try {
    for (let i = 0; i < 5; i++) expect(await watched(`stranger-${i}`)).toBe('SERVICE_UNKNOWN');
  } finally {
    Map.prototype.set = set;
  }
  expect(seen).toEqual([]);
});
