import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeAuthority, makeCertificate, replaceFile, writeIdentity } from '../../testing/certificates.js';
import { certificateName } from './certificate-name.js';
import { readTlsFiles } from './tls-files.js';

const FLAGS = { cert: '--tls-cert', key: '--tls-key', ca: '--tls-ca' };
const DAY_MS = 86_400_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-tls-files-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const authority = makeAuthority();

function identity(
  wishes: Partial<Parameters<typeof makeCertificate>[0]> = {},
): ReturnType<typeof makeCertificate> {
  return makeCertificate({ name: 'coordinator', hosts: ['localhost'], issuer: authority, ...wishes });
}

function problemOf(files: Parameters<typeof readTlsFiles>[0]): string {
  try {
    readTlsFiles(files, FLAGS);
    return 'none';
  } catch (thrown) {
    return OnescanError.from(thrown).text;
  }
}

it('reads certificate, key and authorities that belong together', () => {
  const files = {
    ...writeIdentity(folder, 'good', identity()),
    ca: replaceFile(join(folder, 'ca.crt'), authority.cert),
  };
  const { identity: own, ca, version } = readTlsFiles(files, FLAGS);
  expect(certificateName(own!.leaf)).toBe('coordinator');
  expect(ca!.list).toHaveLength(1);
  expect(readTlsFiles(files, FLAGS).version).toBe(version);
  writeIdentity(folder, 'good', identity());
  expect(readTlsFiles(files, FLAGS).version).not.toBe(version);
});

const WRONG: Record<string, [() => Parameters<typeof readTlsFiles>[0], RegExp]> = {
  'a file that is not there': [
    () => ({ ...writeIdentity(folder, 'a', identity()), cert: join(folder, 'none.crt') }),
    /--tls-cert: there is no file .*none\.crt.*docs\/security\.md/s,
  ],
  'a folder': [() => ({ ca: folder }), /--tls-ca: .* cannot be read \(EISDIR\)/],
  'a key that everybody can read': [
    () => {
      const files = writeIdentity(folder, 'open', identity());
      chmodSync(files.key, 0o644);
      return files;
    },
    /--tls-key: others can read or change .*open\.key.*chmod 600 /s,
  ],
  'the key of another certificate': [
    () => ({
      ...writeIdentity(folder, 'b', identity()),
      key: writeIdentity(folder, 'c', identity()).key,
    }),
    /--tls-key: the key in .*c\.key does not fit the certificate in .*b\.crt/,
  ],
  'a key without its certificate': [
    () => ({ key: writeIdentity(folder, 'd', identity()).key }),
    /--tls-key is given without --tls-cert/,
  ],
  'a certificate that has expired': [
    () => writeIdentity(folder, 'e', identity({ notAfter: new Date(Date.now() - DAY_MS / 2) })),
    /--tls-cert: the certificate in .*e\.crt expired .*Z.*Put a new one/s,
  ],
  'a certificate that is not yet valid': [
    () => writeIdentity(folder, 'f', identity({ notBefore: new Date(Date.now() + DAY_MS) })),
    /--tls-cert: the certificate in .*f\.crt is not yet valid, until .*clock/s,
  ],
  'a key in place of authorities': [
    () => ({ ca: writeIdentity(folder, 'g', identity()).key }),
    /--tls-ca: .*g\.key holds a private key and no certificate/,
  ],
  'a certificate in place of the key': [
    () => {
      const { cert } = writeIdentity(folder, 'h', identity());
      chmodSync(cert, 0o600);
      return { cert, key: cert };
    },
    /--tls-key: .*h\.crt holds no private key/,
  ],
  'a damaged certificate': [
    () => ({
      ca: replaceFile(
        join(folder, 'damaged.crt'),
        '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      ),
    }),
    /--tls-ca: .*damaged\.crt holds a damaged certificate/,
  ],
  'more than a file of certificates has': [
    () => ({ ca: replaceFile(join(folder, 'large.crt'), 'x'.repeat(2 << 20)) }),
    /has more than 1048576 bytes/,
  ],
};

it.each(Object.entries(WRONG))('names what is wrong with %s, and what to do', (_what, [files, says]) => {
  expect(problemOf(files())).toMatch(says);
});

it.skipIf(process.getuid?.() === 0)('names a file that may not be read', () => {
  const files = writeIdentity(folder, 'closed', identity());
  chmodSync(files.key, 0o000);
  expect(problemOf(files)).toMatch(/--tls-key: .* cannot be read \(EACCES\)/);
});

it('takes a key that its group can read, as Kubernetes mounts it', () => {
  const files = writeIdentity(folder, 'group', identity());
  chmodSync(files.key, 0o640);
  expect(problemOf(files)).toBe('none');
});

it('takes an authority that has ended beside its successor', () => {
  const ended = makeCertificate({ name: 'Old CA', isCa: true, notAfter: new Date(Date.now() - DAY_MS / 2) });
  const path = join(folder, 'bundle.crt');
  writeFileSync(path, ended.cert);
  expect(problemOf({ ca: path })).toMatch(/expired/);
  writeFileSync(path, ended.cert + authority.cert);
  expect(problemOf({ ca: path })).toBe('none');
});

it.each([
  ['alice', [], 'alice'],
  ['', ['trainer-1.example'], 'trainer-1.example'],
  ['two words', ['host'], undefined],
  ['a, CN=root', [], undefined],
])('a certificate of "%s" with %j is named %s', (name, hosts, expected) => {
  mkdirSync(folder, { recursive: true });
  const files = writeIdentity(folder, 'named', identity({ name, hosts }));
  const { leaf } = readTlsFiles(files, FLAGS).identity!;
  expect(certificateName(leaf)).toBe(expected);
});
