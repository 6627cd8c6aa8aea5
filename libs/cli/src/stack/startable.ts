import { existsSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { diskFull, OnescanError } from '@onescan/contract/onescan-error.js';
import type { FolderLock } from '@onescan/dataset/folder-lock.js';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { endpointPath, readEndpoint, readStaleEndpoint } from '../connection/endpoint-file.js';
import { namesKind, type StackOptions } from './stack-options.js';
import { requireTemporaryFolder } from './temporary-folder.js';

/** State, logs and the temporary files of a start; a dataset of a full pair takes 1.7 GB beside it. */
const MINIMUM_DISK_BYTES = 64 * 1024 ** 2;
/** Longest time that services take to end after their supervisor was killed. */
const ORPHANS_MS = 20_000;
const POLL_MS = 100;

/**
 * Makes sure of what can be known before anything is started.
 *
 * @throws OnescanError ALREADY_EXISTS when a stack runs in this home, NOT_FOUND without a warehouse, FAILED_PRECONDITION
 *   when temporary files cannot be written, RESOURCE_EXHAUSTED when the disk is full
 */
export function requireStartable(options: StackOptions): void {
  requireWarehouse(options.warehouse);
  requireFreeHome(options.home);
  requireTemporaryFolder();
  requireRoom(options.home);
}

function requireWarehouse(folder: string): void {
  if (namesKind(folder)) return;
  if (existsSync(join(folder, 'warehouse.duckdb'))) return;
  throw new OnescanError('NOT_FOUND', `${folder} holds no warehouse`, {
    remedy: 'Build one with: onescan warehouse build --bars DIR --out DIR (or --simulate)',
  });
}

/** Without room not even the reason could be written into a log. */
function requireRoom(home: string): void {
  const { blocks, bavail, bsize } = statfsSync(nearestExisting(home));
  // Some file systems do not say.
  if (blocks === 0 || bavail * bsize >= MINIMUM_DISK_BYTES) return;
  throw diskFull(`${formatBytes(bavail * bsize)} are free on the disk of ${home}`, {
    remedy: `At least ${formatBytes(MINIMUM_DISK_BYTES)} are needed, and more for datasets: free some, or give another --home`,
  });
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

/**
 * Takes the home folder for the life of this process: of two that start at the same time one goes on, and the other has
 * touched nothing.
 */
export async function lockHome(home: string): Promise<FolderLock> {
  // Loaded when first needed: DuckDB would double the time that every verb takes to start.
  const { lockFolder } = await import('@onescan/dataset/folder-lock.js');
  const lock = await lockFolder(home, {
    what: 'home folder',
    inUse: {
      code: 'ALREADY_EXISTS',
      remedy: 'A stack runs or starts there: stop it with "onescan down", or give another --home',
    },
    unwritable: 'Give a folder that can be written to: --home DIR',
  });
  try {
    // One that another process held the lock for until now.
    requireFreeHome(home);
    return lock;
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

function requireFreeHome(home: string): void {
  const running = readEndpoint(home);
  if (!running) return;
  throw new OnescanError('ALREADY_EXISTS', `a stack runs in ${home} already (process ${running.pid})`, {
    remedy: `Stop it with "onescan down", or give another --home. It is described in ${endpointPath(home)}`,
  });
}

/** Waits until the services are gone whose supervisor was killed: they end by themselves, and hold locks until then. */
export async function untilOrphansGone(home: string, interrupt: AbortSignal): Promise<void> {
  const pids = Object.values(readStaleEndpoint(home)?.services ?? {});
  // By its number alone a stranger may be taken for one of them: that costs a wait, nothing else.
  const deadline = performance.now() + ORPHANS_MS;
  while (pids.some(isProcessAlive) && performance.now() < deadline) {
    await sleep(POLL_MS, undefined, { signal: interrupt });
  }
}
