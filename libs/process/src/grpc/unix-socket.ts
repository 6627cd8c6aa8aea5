import { existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';

/** Bits of a folder's mode by which others than its owner could reach a socket in it. */
const OTHERS = 0o077;

/**
 * Makes a path free for a socket: its folder is there and its owner's alone, since that is what keeps others from
 * calling, and a socket that a killed process has left is gone.
 *
 * @throws OnescanError FAILED_PRECONDITION when others can enter the folder or something else is at the path,
 *   UNAVAILABLE when a process listens there
 */
export async function makeRoomForSocket(path: string): Promise<void> {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = lstatSync(folder);
  if ((mode & OTHERS) !== 0 || (process.getuid !== undefined && uid !== process.getuid())) {
    throw new OnescanError('FAILED_PRECONDITION', `others can enter ${folder}, where the socket would be`, {
      remedy: `chmod 700 ${folder}, or put the socket into a folder of your own`,
    });
  }
  if (!existsSync(path)) return;
  if (!lstatSync(path).isSocket()) {
    throw new OnescanError('FAILED_PRECONDITION', `${path} is there and is no socket`, {
      remedy: 'Choose another path',
    });
  }
  if (await isServed(path)) {
    throw new OnescanError('UNAVAILABLE', `cannot listen on unix:${path}: a process listens there`, {
      remedy: 'Stop it, or choose another path',
    });
  }
  rmSync(path, { force: true });
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (served: boolean): void => {
      socket.destroy();
      resolve(served);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
