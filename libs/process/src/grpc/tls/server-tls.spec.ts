import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeAuthority, makeCertificate, replaceFile, writeIdentity } from '../../testing/certificates.js';
import { SecureServer } from '../../testing/secure-server.js';

const LIMIT = { timeout: 20_000 };
const ROLES = {
  certificates: { alice: ['viewer'], t1: ['trainer'], t2: ['trainer'] },
};

let secure: SecureServer;
beforeEach(() => {
  secure = new SecureServer();
});
afterEach(() => secure.stop());

it('knows callers by their certificates, and lets in nobody without one', async () => {
  await secure.start(ROLES);
  expect(await secure.list(secure.client(secure.security('alice')))).toBe('OK');
  expect(secure.callers).toEqual(['alice by certificate']);
  const { ca } = secure.security('alice');
  expect(await secure.list(secure.client({ ca: ca! }))).toBe('UNAVAILABLE');
  const stranger = secure.identity('alice', [], makeAuthority('Another CA'));
  expect(await secure.list(secure.client(secure.security('stranger', stranger)))).toBe('UNAVAILABLE');
  // Known to the authority, and nobody here.
  expect(await secure.list(secure.client(secure.security('bob')))).toBe('UNAUTHENTICATED');
  expect(secure.callers).toHaveLength(1);
});

it('replaces certificates under an open stream, and keeps the last good ones while files are broken', async () => {
  await secure.start(ROLES);
  const stream = secure.stream(secure.client(secure.security('t1')));
  await expect.poll(() => stream.received, LIMIT).toBeGreaterThan(0);
  const first = await shownBy(secure);
  const certificate = readFileSync(secure.path('server.crt'), 'utf8');

  replaceFile(secure.path('server.crt'), 'broken');
  const before = stream.received;
  await expect.poll(() => stream.received - before, LIMIT).toBeGreaterThan(10);
  expect(await shownBy(secure)).toBe(first);
  // The key of somebody else, then a certificate whose key has not come yet.
  const own = readFileSync(secure.path('server.key'), 'utf8');
  replaceFile(secure.path('server.crt'), certificate);
  replaceFile(secure.path('server.key'), secure.identity('mallory', ['127.0.0.1']).key, 0o600);
  const swapped = stream.received;
  await expect.poll(() => stream.received - swapped, LIMIT).toBeGreaterThan(10);
  expect(await shownBy(secure)).toBe(first);
  expect(await secure.list(secure.client(secure.security('alice')))).toBe('OK');
  expect(secure.problems).toEqual([
    expect.stringContaining('no certificate'),
    expect.stringMatching(/the key in .*server\.key does not fit the certificate/),
  ]);
  replaceFile(secure.path('server.key'), own, 0o600);
  const next = secure.identity('server', ['127.0.0.1']);
  replaceFile(secure.path('server.crt'), next.cert);
  await expect.poll(() => stream.received - before, LIMIT).toBeGreaterThan(20);
  expect(await shownBy(secure)).toBe(first);
  expect(await secure.list(secure.client(secure.security('alice')))).toBe('OK');

  replaceFile(secure.path('server.key'), next.key, 0o600);
  await expect.poll(() => shownBy(secure), LIMIT).not.toBe(first);
  const after = stream.received;
  await expect.poll(() => stream.received - after, LIMIT).toBeGreaterThan(10);
  expect(stream.end).toBe('');
});

it('ends the streams of clients whose authority is taken out, and of no others', async () => {
  const other = makeAuthority('Another CA');
  await secure.start(ROLES);
  replaceFile(secure.path('ca.crt'), secure.authority.cert + other.cert);
  const t2 = secure.client(secure.security('t2', secure.identity('t2', [], other)));
  await expect.poll(() => secure.list(t2), LIMIT).toBe('PERMISSION_DENIED');
  const kept = secure.stream(secure.client(secure.security('t1')));
  const cut = secure.stream(t2);
  await expect.poll(() => Math.min(kept.received, cut.received), LIMIT).toBeGreaterThan(0);

  replaceFile(secure.path('ca.crt'), secure.authority.cert);
  await expect.poll(() => cut.end, LIMIT).not.toBe('');
  await expect.poll(() => secure.ended, LIMIT).toBe(1);
  expect(await secure.list(t2)).toBe('UNAVAILABLE');
  const before = kept.received;
  await expect.poll(() => kept.received - before, LIMIT).toBeGreaterThan(10);
  expect(kept.end).toBe('');
});

it('ends the streams of a certificate that is revoked, and of one that expires', async () => {
  await secure.start(ROLES);
  const revoked = secure.identity('t1');
  const notAfter = new Date(Date.now() + 5_000);
  const expiring = makeCertificate({ name: 't2', issuer: secure.authority, notAfter });
  const streams = [revoked, expiring].map((identity, i) =>
    secure.stream(secure.client(secure.security(`t${i + 1}`, identity))),
  );
  await expect.poll(() => Math.min(...streams.map(({ received }) => received)), LIMIT).toBeGreaterThan(0);

  const { X509Certificate } = await import('node:crypto');
  secure.setRoles({ ...ROLES, revoked: [new X509Certificate(revoked.cert).fingerprint256] });
  await expect.poll(() => streams[0]!.end, LIMIT).not.toBe('');
  expect(await secure.list(secure.client(secure.security('t1', revoked)))).toBe('UNAUTHENTICATED');
  await expect.poll(() => streams[1]!.end, LIMIT).not.toBe('');
  expect(Date.now()).toBeGreaterThan(notAfter.getTime() - 1_000);
});

it('ends the streams of who loses a role, and says so', async () => {
  await secure.start(ROLES);
  const client = secure.client(secure.security('t1'));
  const [lost, kept] = [secure.stream(client), secure.stream(secure.client(secure.security('t2')))];
  await expect.poll(() => Math.min(lost.received, kept.received), LIMIT).toBeGreaterThan(0);
  secure.setRoles({ certificates: { ...ROLES.certificates, t1: ['viewer'] } });
  await expect
    .poll(() => lost.end, LIMIT)
    .toMatch(/PERMISSION_DENIED: t1 \(viewer\) may not call ReadDataset/);
  await expect.poll(() => secure.ended, LIMIT).toBe(1);
  expect(await secure.list(client)).toBe('OK');
  expect(kept.end).toBe('');
});

it('a client takes up certificates that were replaced with its next connection', async () => {
  await secure.start({ certificates: { ...ROLES.certificates, alice2: ['viewer'] } });
  const security = secure.security('alice');
  const client = secure.client(security);
  expect(await secure.list(client)).toBe('OK');
  writeIdentity(secure.folder, 'alice', secure.identity('alice2'));
  await secure.server.shutdown(100);
  const { address } = secure.server;
  secure.tls.close();
  secure.access.close();
  await secure.start({ certificates: { alice2: ['viewer'] } });
  const again = secure.client(security, secure.server.address);
  expect(secure.server.address).not.toBe(address);
  expect(await secure.list(again)).toBe('OK');
  expect(secure.callers.at(-1)).toBe('alice2 by certificate');
});

it('counts connections over TLS, also those that never shake hands', async () => {
  await secure.start(ROLES, { connections: 4, idleMs: 60_000 });
  const port = Number(secure.server.address.split(':')[1]);
  for (let round = 0; round < 3; round++) {
    const silent = Array.from({ length: 4 }, () =>
      connectPlain(port, '127.0.0.1').on('error', () => undefined),
    );
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    for (const socket of silent) socket.destroy();
    const client = secure.client(secure.security('alice'));
    await expect.poll(() => secure.list(client), LIMIT).toBe('OK');
    client.close();
  }
});

/** Fingerprint of the certificate that the server shows to a new connection. */
async function shownBy({ server }: SecureServer): Promise<string> {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(server.address.split(':')[1]),
    rejectUnauthorized: false,
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
