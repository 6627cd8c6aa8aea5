import { constants, lstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { OnescanError } from '@onescan/contract/onescan-error.js';

/**
 * Makes sure that a path, if there is anything, is no symbolic link: in a folder that others can write to, one would
 * lead a reader or a writer out of it.
 *
 * @throws OnescanError FAILED_PRECONDITION naming the link
 */
export function requireNoLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) throw linkRefused(path);
}

/**
 * Opens a file to read, and no link.
 *
 * @throws OnescanError FAILED_PRECONDITION naming the link; as `open` otherwise
 */
export async function openNoLink(path: string): Promise<FileHandle> {
  requireNoLink(path);
  try {
    return await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (thrown) {
    // It has become one since.
    if ((thrown as NodeJS.ErrnoException).code === 'ELOOP') throw linkRefused(path);
    throw thrown;
  }
}

function linkRefused(path: string): OnescanError {
  return new OnescanError('FAILED_PRECONDITION', `${path} is a link, which is not followed`, {
    remedy: 'Remove it, or put the file itself there',
    details: { path },
  });
}
