import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { MAX_SOCKET_PATH_BYTES } from '@onescan/process/grpc/address.js';

const LONGEST_NAME = 'coordinator.sock';
const HASH_DIGITS = 16;

/**
 * Folder of the sockets of a local stack: in its home, or, where the path of a socket would be too long there, one of
 * this user's and this home's in the folder for temporary files.
 */
export function socketFolder(home: string): string {
  const own = join(home, 'run');
  if (Buffer.byteLength(join(own, LONGEST_NAME)) <= MAX_SOCKET_PATH_BYTES) return own;
  const hash = createHash('sha256').update(home).digest('hex').slice(0, HASH_DIGITS);
  return join(tmpdir(), `onescan-${userInfo().uid}-${hash}`);
}
