import { isMainThread } from 'node:worker_threads';

/** Neither group nor others. */
const OWNER_ONLY = 0o077;

/**
 * From here on what this process and its children make can be opened by its user alone: folders of mode 0700, files of
 * 0600. What is there already stays as it is.
 */
export function keepFilesPrivate(): void {
  // The mask is the process's; a thread cannot set it.
  if (isMainThread) process.umask(OWNER_ONLY);
}
