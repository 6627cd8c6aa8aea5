import { type FolderLock, lockFolder } from '@onescan/dataset/folder-lock.js';

/**
 * Takes a cache folder. Two fetchers on one folder would pay twice for the same dataset and take each other's
 * unfinished files for torn ones.
 *
 * @throws OnescanError FAILED_PRECONDITION when another process has the folder, or it cannot be written
 */
export function lockCache(folder: string): Promise<FolderLock> {
  return lockFolder(folder, {
    what: 'cache folder',
    inUse: {
      code: 'FAILED_PRECONDITION',
      remedy: 'Stop the other fetcher, or give this one another --cache folder',
    },
    unwritable: 'Give the fetcher a folder that it may write to, with room for datasets',
  });
}
