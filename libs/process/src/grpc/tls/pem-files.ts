import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { OnescanError } from '@onescan/contract/onescan-error.js';

/** A file of certificates or with a key is smaller by far: a bundle of all public authorities takes 0.25 MB. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Bits of a key's mode by which others can read it, or its group can change it. */
const TOO_OPEN = 0o027;

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** How to get certificates, for remedies. */
export const HOW_TO_MAKE = 'docs/security.md says how to make certificates';

/**
 * The bytes of a file that a flag names.
 *
 * @param flag what messages call it, e.g. "--tls-cert"
 * @throws OnescanError NOT_FOUND, FAILED_PRECONDITION when it cannot be read or is too large
 */
export function readNamedFile(flag: string, path: string): Buffer {
  try {
    if (statSync(path).size <= MAX_FILE_BYTES) return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new OnescanError('NOT_FOUND', `${flag}: there is no file ${path}`, {
        remedy: `Give the path of the file; ${HOW_TO_MAKE}`,
        cause,
      });
    }
    throw new OnescanError('FAILED_PRECONDITION', `${flag}: ${path} cannot be read (${code})`, {
      remedy: 'Give a file that the user of this process can read',
      cause,
    });
  }
  throw new OnescanError('FAILED_PRECONDITION', `${flag}: ${path} has more than ${MAX_FILE_BYTES} bytes`, {
    remedy: 'Give a file of PEM blocks with what is needed only',
  });
}

/**
 * Reads the bytes of a secret that its owner, and perhaps its group, can read and nobody else.
 *
 * @throws OnescanError as {@link readNamedFile}, FAILED_PRECONDITION when others can read it or its group can change it
 */
export function readSecretFile(flag: string, path: string): Buffer {
  const bytes = readNamedFile(flag, path);
  if (process.getuid !== undefined && (statSync(path).mode & TOO_OPEN) !== 0) {
    throw new OnescanError('FAILED_PRECONDITION', `${flag}: others can read or change ${path}`, {
      remedy: `Run: chmod 600 ${path}`,
    });
  }
  return bytes;
}

/**
 * The certificates of a PEM file, in its order.
 *
 * @throws OnescanError as {@link readNamedFile}, INVALID_ARGUMENT when there are none or one cannot be read
 */
export function readCertificates(flag: string, path: string): { pem: Buffer; list: X509Certificate[] } {
  const pem = readNamedFile(flag, path);
  const blocks = pem.toString('latin1').match(BLOCK) ?? [];
  if (blocks.length === 0) {
    const holds = pem.includes('PRIVATE KEY-----') ? 'a private key and no certificate' : 'no certificate';
    throw new OnescanError('INVALID_ARGUMENT', `${flag}: ${path} holds ${holds}`, {
      remedy: `Give a PEM file: -----BEGIN CERTIFICATE-----; ${HOW_TO_MAKE}`,
    });
  }
  try {
    return { pem, list: blocks.map((block) => new X509Certificate(block)) };
  } catch (cause) {
    throw new OnescanError('INVALID_ARGUMENT', `${flag}: ${path} holds a damaged certificate`, {
      remedy: 'Write the file again',
      cause,
    });
  }
}

/**
 * The private key of a PEM file that nobody else can read.
 *
 * @throws OnescanError as {@link readSecretFile}, INVALID_ARGUMENT when it holds no key that can be read
 */
export function readPrivateKey(
  flag: string,
  path: string,
): { pem: Buffer; key: ReturnType<typeof createPrivateKey> } {
  const pem = readSecretFile(flag, path);
  try {
    return { pem, key: createPrivateKey(pem) };
  } catch (cause) {
    const why = pem.includes('ENCRYPTED') ? 'a key with a passphrase' : 'no private key';
    throw new OnescanError('INVALID_ARGUMENT', `${flag}: ${path} holds ${why}`, {
      remedy: 'Give the PEM file of a private key without a passphrase: -----BEGIN PRIVATE KEY-----',
      cause,
    });
  }
}
