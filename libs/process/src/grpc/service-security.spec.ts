import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../log.js';
import { makeAuthority, makeCertificate, replaceFile, writeIdentity } from '../testing/certificates.js';
import { clientSecurity, requireSecurity, type SecurityOptions, serverSecurity } from './service-security.js';

let folder: string;
let files: Required<Pick<SecurityOptions, 'tlsCert' | 'tlsKey' | 'tlsClientCa' | 'roles'>>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-service-security-'));
  const authority = makeAuthority();
  const { cert, key } = writeIdentity(folder, 'own', makeCertificate({ name: 'own', issuer: authority }));
  files = {
    tlsCert: cert,
    tlsKey: key,
    tlsClientCa: replaceFile(join(folder, 'ca.crt'), authority.cert),
    roles: replaceFile(join(folder, 'roles.json'), '{}'),
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function problemOf(options: SecurityOptions): string {
  try {
    requireSecurity(options, EVERYWHERE);
    return 'none';
  } catch (thrown) {
    return OnescanError.from(thrown).text;
  }
}

const EVERYWHERE = { '--listen': '0.0.0.0:7400' };

it.each<[string, () => SecurityOptions, RegExp]>([
  ['nothing', () => ({}), /refusing to listen on 0\.0\.0\.0 without TLS.*--tls-cert and --tls-key/s],
  ['roles alone', () => ({ roles: files.roles }), /without TLS/],
  [
    'a certificate alone',
    () => ({ tlsCert: files.tlsCert, tlsKey: files.tlsKey }),
    /refusing to listen on 0\.0\.0\.0, where anybody could call.*--roles/s,
  ],
  [
    'a certificate without its key',
    () => ({ tlsCert: files.tlsCert }),
    /--tls-cert is given without --tls-key/,
  ],
  [
    'authorities of callers without roles',
    () => ({ tlsCert: files.tlsCert, tlsKey: files.tlsKey, tlsClientCa: files.tlsClientCa }),
    /--tls-client-ca is given without --roles/,
  ],
  [
    'authorities of callers without a certificate',
    () => ({ tlsClientCa: files.tlsClientCa, roles: files.roles }),
    /--tls-client-ca is given without --tls-cert/,
  ],
  [
    'a file of roles that is not there',
    () => ({ ...files, roles: join(folder, 'none.json') }),
    /--roles: there is no file/,
  ],
  [
    'authorities to call that are not there',
    () => ({ ...files, tlsCa: join(folder, 'none.crt') }),
    /--tls-ca: there is no file/,
  ],
])('beyond this machine %s is refused, with what is missing', (_what, options, says) => {
  expect(problemOf(options())).toMatch(says);
});

it('sockets and loopback need nothing; elsewhere certificates and who may call are enough', () => {
  requireSecurity({}, { '--listen': 'unix:/tmp/a.sock', '--tcp-listen': '127.0.0.1:0' });
  requireSecurity(files, EVERYWHERE);
  const { tlsCert, tlsKey } = files;
  requireSecurity({ tlsCert, tlsKey, tokenFile: join(folder, 'token') }, EVERYWHERE);
});

it('makes the token that is missing, and asks nobody for certificates then', () => {
  const tokenFile = join(folder, 'token');
  const { tlsCert, tlsKey } = files;
  const security = serverSecurity({ tlsCert, tlsKey, tokenFile }, createLog('test'));
  expect(existsSync(tokenFile)).toBe(true);
  expect(security.tls!.asksForCertificates).toBe(false);
  expect(security.access!.hasTokens).toBe(true);
  security.close();
});

it('calls others with its own certificate, and with none where it knows no authority', () => {
  const { tlsCert, tlsKey, tlsClientCa } = files;
  expect(clientSecurity({ tlsCert, tlsKey })).toEqual({});
  const called = clientSecurity({ tlsCert, tlsKey, tlsCa: tlsClientCa });
  expect(called).toEqual({ ca: tlsClientCa, cert: tlsCert, key: tlsKey });
});
