import { createHash, type X509Certificate } from 'node:crypto';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { HOW_TO_MAKE, readCertificates, readPrivateKey } from './pem-files.js';

/** Paths of PEM files. */
export interface TlsFiles {
  /** Certificate of this process, followed by those between it and its authority. */
  readonly cert?: string;
  /** The certificate's private key. */
  readonly key?: string;
  /** Authorities whose certificates are believed of peers. */
  readonly ca?: string;
}

/** The flags that name the files, for messages. */
export type TlsFlags = { readonly [File in keyof Required<TlsFiles>]: string };

/** What was read of the files, checked. */
export interface TlsMaterial {
  /** Hash of all bytes: another one, other certificates. */
  readonly version: string;
  readonly identity?: { readonly cert: Buffer; readonly key: Buffer; readonly leaf: X509Certificate };
  readonly ca?: { readonly pem: Buffer; readonly list: readonly X509Certificate[] };
}

/**
 * Reads certificate, key and authorities, and makes sure that they can be used now: nothing is half replaced, expired
 * or open to others.
 *
 * @throws OnescanError NOT_FOUND, FAILED_PRECONDITION or INVALID_ARGUMENT naming the flag, the file and what to do
 */
export function readTlsFiles(files: TlsFiles, flags: TlsFlags, now = Date.now()): TlsMaterial {
  const hash = createHash('sha256');
  const identity = readIdentity(files, flags, now);
  if (identity) hash.update(identity.cert).update(identity.key);
  const ca = files.ca === undefined ? undefined : readAuthorities(flags.ca, files.ca, now);
  if (ca) hash.update('ca').update(ca.pem);
  return { version: hash.digest('hex'), ...(identity ? { identity } : {}), ...(ca ? { ca } : {}) };
}

/** When a certificate ends, in milliseconds since 1970. */
export function expiryOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}

function readIdentity({ cert, key }: TlsFiles, flags: TlsFlags, now: number): TlsMaterial['identity'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    const [missing, given] = cert === undefined ? [flags.cert, flags.key] : [flags.key, flags.cert];
    throw new OnescanError('INVALID_ARGUMENT', `${given} is given without ${missing}`, {
      remedy: `Give both; ${HOW_TO_MAKE}`,
    });
  }
  const { pem, list } = readCertificates(flags.cert, cert);
  const leaf = list[0]!;
  const privateKey = readPrivateKey(flags.key, key);
  if (!leaf.checkPrivateKey(privateKey.key)) {
    throw new OnescanError(
      'INVALID_ARGUMENT',
      `${flags.key}: the key in ${key} does not fit the certificate in ${cert}`,
      { remedy: 'Give the key that the certificate was made with; the file begins with its own certificate' },
    );
  }
  requireValidNow(flags.cert, cert, leaf, now);
  return { cert: pem, key: privateKey.pem, leaf };
}

function readAuthorities(flag: string, path: string, now: number): NonNullable<TlsMaterial['ca']> {
  const { pem, list } = readCertificates(flag, path);
  // One that has ended beside its successor does no harm.
  if (!list.some((certificate) => isValidAt(certificate, now))) requireValidNow(flag, path, list[0]!, now);
  return { pem, list };
}

function isValidAt({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now && now <= Date.parse(validTo);
}

function requireValidNow(flag: string, path: string, certificate: X509Certificate, now: number): void {
  if (isValidAt(certificate, now)) return;
  const { validFrom, validTo } = certificate;
  const at = new Date(now).toISOString();
  if (now > Date.parse(validTo)) {
    throw new OnescanError(
      'FAILED_PRECONDITION',
      `${flag}: the certificate in ${path} expired ${iso(validTo)}`,
      {
        remedy: 'Put a new one into its place',
      },
    );
  }
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `${flag}: the certificate in ${path} is not yet valid, until ${iso(validFrom)}; now it is ${at}`,
    { remedy: 'Wait, put right the clock of this machine, or make the certificate anew' },
  );
}

function iso(text: string): string {
  return new Date(text).toISOString();
}
