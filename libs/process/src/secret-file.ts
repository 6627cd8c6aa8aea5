import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';

/** Bytes of a secret: as long as the hash that it is used with. */
const SECRET_BYTES = 32;

/**
 * The secret in a file that only its owner can read, which is made with random bytes where there is none.
 *
 * @throws OnescanError DATA_LOSS when the file holds something else
 */
export function readOrCreateSecret(path: string): Buffer {
  return readSecret(path) ?? createSecret(path);
}

function readSecret(path: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex');
  throw new OnescanError('DATA_LOSS', `${path} does not hold a secret of ${SECRET_BYTES} bytes`, {
    remedy: 'Remove it: a new one is made at the next start',
  });
}

/** In one step: of two processes that make one, both use the same. */
function createSecret(path: string): Buffer {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.partial-${process.pid}`;
  writeFileSync(partial, `${randomBytes(SECRET_BYTES).toString('hex')}\n`, { mode: 0o600 });
  chmodSync(partial, 0o600);
  try {
    linkSync(partial, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  } finally {
    rmSync(partial, { force: true });
  }
  return readSecret(path)!;
}
