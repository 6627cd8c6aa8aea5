import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SecureServer } from '../../testing/secure-server.js';
import { callUnary } from '../client.js';
import type { ChannelSecurity } from '../tls/channel-security.js';
import { SERVER_LIMITS } from './server-limits.js';

const LIMIT = { timeout: 30_000 };
const ROLES = { certificates: { alice: ['viewer', 'trainer'] } };

let secure: SecureServer;
const sessions: ClientHttp2Session[] = [];
beforeEach(() => {
  secure = new SecureServer();
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await secure.stop();
});

/** Bare HTTP/2 over TLS, with the certificate of a client. */
async function bareSession(security: ChannelSecurity): Promise<ClientHttp2Session> {
  const [ca, cert, key] = [security.ca!, security.cert!, security.key!].map((path) => readFileSync(path));
  const session = connect(`https://${secure.server.address}`, { ca: ca!, cert: cert!, key: key! });
  session.on('error', () => undefined);
  sessions.push(session);
  await once(session, 'remoteSettings');
  return session;
}

function request(session: ClientHttp2Session, method: string): ReturnType<ClientHttp2Session['request']> {
  const path = `/onescan.v1.FetcherService/${method}`;
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  return session.request(headers).on('error', () => undefined);
}

/** A gRPC message of no bytes: every field at its default. */
const EMPTY_MESSAGE = Buffer.alloc(5);

it('renews a connection when it has its age, and ends its calls after the grace', async () => {
  await secure.start(ROLES, { ageMs: 500, ageGraceMs: 500 });
  const client = secure.client(secure.security('alice'));
  const stream = secure.stream(client);
  await expect.poll(() => stream.received, LIMIT).toBeGreaterThan(0);
  await secure.list(client);
  const [first] = secure.peers;
  await expect.poll(() => stream.end, LIMIT).not.toBe('');
  await expect.poll(() => secure.ended, LIMIT).toBe(1);
  expect(await secure.list(client)).toBe('OK');
  expect(secure.peers.at(-1)).not.toBe(first);
});

it('lets so many calls be under way on a connection, and the next when one has ended', async () => {
  await secure.start(ROLES, { streams: 3 });
  const client = secure.client(secure.security('alice'));
  const calls = Array.from({ length: 5 }, () => client.readDataset({ datasetId: '', offset: 0n }));
  const received = calls.map(() => 0);
  for (const [i, call] of calls.entries()) {
    call.on('data', () => (received[i] = received[i]! + 1)).on('error', () => undefined);
  }
  const underWay = (): number => received.filter((count) => count > 0).length;
  await expect.poll(underWay, LIMIT).toBe(3);
  const most = Math.max(...received);
  await expect.poll(() => Math.max(...received), LIMIT).toBeGreaterThan(most + 10);
  expect(underWay()).toBe(3);
  calls[received.findIndex((count) => count > 0)]!.cancel();
  await expect.poll(underWay, LIMIT).toBe(4);
  for (const call of calls) call.cancel();
});

it('tells clients the bound of 256 calls a connection', async () => {
  await secure.start(ROLES);
  const session = await bareSession(secure.security('alice'));
  expect(SERVER_LIMITS.streams).toBe(256);
  expect(session.remoteSettings.maxConcurrentStreams).toBe(256);
});

it('ends a call whose first message does not come', async () => {
  await secure.start(ROLES, { firstMessageMs: 100 });
  const session = await bareSession(secure.security('alice'));
  const call = request(session, 'ListDatasets');
  const [headers] = (await once(call, 'response')) as [Record<string, string>];
  expect(headers['grpc-status']).toBe('4');
  expect(decodeURIComponent(headers['grpc-message']!)).toMatch(/no message came within 0\.1 s/);
  expect(secure.callers).toEqual([]);
});

it('ends the stream of a reader that leaves it unread', async () => {
  await secure.start(ROLES, {}, { patienceMs: 200, chunkBytes: 1 << 20 });
  const session = await bareSession(secure.security('alice'));
  const call = request(session, 'ReadDataset');
  call.end(EMPTY_MESSAGE);
  call.pause();
  const [code] = await once(call, 'close').then(() => [call.rstCode]);
  expect(code).toBe(8);
  await expect.poll(() => secure.ended, LIMIT).toBe(1);
});

it.each([
  ['more than its method takes', 5_000, /VerifyDataset takes no message/],
  ['more than any method takes', 2 << 20, /larger than max/],
])('refuses a message of %s', async (_what, characters, says) => {
  await secure.start(ROLES);
  const client = secure.client(secure.security('alice'));
  const call = callUnary(client, client.verifyDataset, { datasetId: 'x'.repeat(characters) });
  await expect(call).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: expect.stringMatching(says),
  });
  expect(await secure.list(client)).toBe('OK');
});

it('counts the calls of a connection', async () => {
  await secure.start(ROLES, { calls: { burst: 5, perSecond: 1 } });
  const flood = secure.client(secure.security('alice'));
  const answers = await Promise.all(Array.from({ length: 20 }, () => secure.list(flood)));
  expect(answers.filter((code) => code === 'RESOURCE_EXHAUSTED').length).toBeGreaterThan(10);
  expect(await secure.list(secure.client(secure.security('alice')))).toBe('OK');
});
