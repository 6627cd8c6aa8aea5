import { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeAuthority, replaceFile } from '../../testing/certificates.js';
import { SecureServer } from '../../testing/secure-server.js';
import { createClient } from '../client.js';
import { startServer } from '../start-server.js';
import type { ChannelSecurity } from './channel-security.js';
import { explainTlsFailure } from './tls-failure.js';

let secure: SecureServer;
beforeAll(async () => {
  secure = new SecureServer();
  await secure.start({ certificates: { alice: ['viewer'] } });
  replaceFile(secure.path('other-ca.crt'), makeAuthority('Another CA').cert);
});
afterAll(() => secure.stop());

async function why(security: ChannelSecurity, address = secure.server.address): Promise<string | undefined> {
  return (await explainTlsFailure(address, security))?.text;
}

it('says nothing when TLS is not the reason', async () => {
  expect(await why(secure.security('alice'))).toBeUndefined();
  expect(await why(secure.security('alice'), '127.0.0.1:1')).toBeUndefined();
  expect(await why({}, '127.0.0.1:1')).toBeUndefined();
  expect(await why(secure.security('alice'), 'unix:/tmp/none.sock')).toBeUndefined();
});

it('says what a plain client of a server with TLS needs, and the other way round', async () => {
  expect(await why({})).toMatch(/takes calls over TLS only.*--tls-ca or ONESCAN_TLS_CA/s);
  const plain = await startServer({ listen: '127.0.0.1:0', register: () => undefined, healthNames: [] });
  expect(await why(secure.security('alice'), plain.address)).toMatch(/does not speak TLS.*--tls-cert/s);
  await plain.shutdown(100);
});

it('says that a certificate is asked for, or refused', async () => {
  const { ca } = secure.security('alice');
  expect(await why({ ca: ca! })).toMatch(/asks for a certificate.*--tls-cert and --tls-key/s);
  const stranger = secure.identity('alice', [], makeAuthority());
  expect(await why(secure.security('stranger', stranger))).toMatch(
    /refuses the certificate in .*stranger\.crt/,
  );
});

it('says that another authority signed the certificate of the server', async () => {
  const security = { ...secure.security('alice'), ca: secure.path('other-ca.crt') };
  expect(await why(security)).toMatch(/is not signed by an authority in .*other-ca\.crt/);
});

it('says which hosts the certificate of the server is for', async () => {
  const port = secure.server.address.split(':')[1];
  expect(await why(secure.security('alice'), `localhost:${port}`)).toMatch(
    /is for another host: .*127\.0\.0\.1.*subjectAltName/s,
  );
});

it.each([
  'example.com:7400',
  '10.0.0.1:7400',
  'dns:///example.com:7400',
  'ipv4:10.0.0.1:7400',
  '0.0.0.0:7400',
])('a client refuses %s without TLS', (address) => {
  expect(() => createClient(FetcherServiceClient, address)).toThrow(/refusing to call .* without TLS/);
});

it('a client refuses a certificate without an authority, and files that are wrong', () => {
  const { cert, key } = secure.security('alice');
  expect(() => createClient(FetcherServiceClient, 'h:1', {}, { cert: cert!, key: key! })).toThrow(
    /without --tls-ca/,
  );
  expect(() => createClient(FetcherServiceClient, 'h:1', {}, { ca: secure.path('none') })).toThrow(
    /there is no file/,
  );
});

it.each(['127.0.0.1:7400', 'localhost:7400', '[::1]:7400', 'unix:/tmp/a.sock', 'dns:///localhost:7400'])(
  'a client calls %s as it is',
  (address) => {
    createClient(FetcherServiceClient, address).close();
  },
);
