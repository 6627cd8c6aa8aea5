import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';

/** A certificate with its key, as PEM. */
export interface TestIdentity {
  readonly name: string;
  readonly cert: string;
  readonly key: string;
}

/** What a test wants of a certificate. */
export interface CertificateWishes {
  /** Common name. */
  readonly name: string;
  /** DNS names and IPv4 addresses. */
  readonly hosts?: readonly string[];
  /** Who signs it; absent: itself. */
  readonly issuer?: TestIdentity;
  readonly isCa?: boolean;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const DAY_MS = 86_400_000;

// Object identifiers, encoded: ecdsa-with-SHA256 (RFC 5758), then those of RFC 5280.
const ECDSA_WITH_SHA256 = Buffer.from('2a8648ce3d040302', 'hex');
const COMMON_NAME = Buffer.from('550403', 'hex');
const BASIC_CONSTRAINTS = Buffer.from('551d13', 'hex');
const KEY_USAGE = Buffer.from('551d0f', 'hex');
const ALTERNATIVE_NAMES = Buffer.from('551d11', 'hex');

// keyCertSign and cRLSign, and digitalSignature, each with its number of unused bits.
const SIGNS_CERTIFICATES = Buffer.from([1, 0x06]);
const SIGNS_HANDSHAKES = Buffer.from([7, 0x80]);

/** Makes an X.509 v3 certificate (RFC 5280) with a P-256 key, by Node's own crypto: no openssl is needed. */
export function makeCertificate(wishes: CertificateWishes): TestIdentity {
  const { name, issuer, isCa = false, hosts = [] } = wishes;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const algorithm = der(0x30, der(0x06, ECDSA_WITH_SHA256));
  const extensions = [
    ...(isCa ? [extension(BASIC_CONSTRAINTS, der(0x30, der(0x01, Buffer.from([0xff]))))] : []),
    extension(KEY_USAGE, der(0x03, isCa ? SIGNS_CERTIFICATES : SIGNS_HANDSHAKES)),
    ...(hosts.length > 0 ? [extension(ALTERNATIVE_NAMES, der(0x30, ...hosts.map(hostName)))] : []),
  ];
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    commonName(issuer?.name ?? name),
    der(
      0x30,
      time(wishes.notBefore ?? new Date(now - DAY_MS)),
      time(wishes.notAfter ?? new Date(now + 30 * DAY_MS)),
    ),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, ...extensions)),
  );
  const signature = sign('sha256', body, issuer ? createPrivateKey(issuer.key) : privateKey);
  const whole = der(0x30, body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return { name, cert: pem(whole), key: keyPem(privateKey) };
}

/** An authority that signs certificates for tests. */
export function makeAuthority(name = 'Test CA'): TestIdentity {
  return makeCertificate({ name, isCa: true });
}

/** Puts certificate and key into a folder, each by rename; the paths of both. */
export function writeIdentity(
  folder: string,
  file: string,
  { cert, key }: TestIdentity,
): { cert: string; key: string } {
  return {
    cert: replaceFile(join(folder, `${file}.crt`), cert),
    key: replaceFile(join(folder, `${file}.key`), key, 0o600),
  };
}

/** Writes a file by rename, as whoever rotates certificates does; its path. */
export function replaceFile(path: string, content: string, mode = 0o644): string {
  writeFileSync(`${path}.new`, content, { mode });
  renameSync(`${path}.new`, path);
  return path;
}

function extension(id: Buffer, value: Buffer): Buffer {
  return der(0x30, der(0x06, id), der(0x04, value));
}

function commonName(name: string): Buffer {
  const attribute = der(0x30, der(0x06, COMMON_NAME), der(0x0c, Buffer.from(name)));
  return name === '' ? der(0x30) : der(0x30, der(0x31, attribute));
}

function hostName(host: string): Buffer {
  if (isIP(host) === 4) return der(0x87, Buffer.from(host.split('.').map(Number)));
  return der(0x82, Buffer.from(host));
}

function time(at: Date): Buffer {
  const digits = `${at.toISOString().replace(/[-:T]|\.\d+/g, '')}`;
  // Until 2049 RFC 5280 wants two digits of the year.
  return at.getUTCFullYear() < 2_050
    ? der(0x17, Buffer.from(digits.slice(2)))
    : der(0x18, Buffer.from(digits));
}

/** A value in distinguished encoding: tag, length, content (X.690). */
function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}
