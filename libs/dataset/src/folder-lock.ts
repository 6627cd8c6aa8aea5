import { existsSync, linkSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ErrorCode, OnescanError } from '@onescan/contract/onescan-error.js';
import { openConfinedDuckDb } from './duckdb/open-duckdb.js';
import { requireNoLink } from './no-links.js';

const LOCK_FILE = '.lock';
const SETTINGS = { threads: '1', memory_limit: '32MB' };

/** The one owner of a folder; the lock goes with the process, however that ends. */
export interface FolderLock {
  release(): void;
}

/** How a folder is spoken of. */
export interface LockedFolder {
  /** Such as "cache folder". */
  readonly what: string;
  /** Code and remedy when another process has it. */
  readonly inUse: { readonly code: ErrorCode; readonly remedy: string };
  /** Remedy when nothing can be written there. */
  readonly unwritable: string;
}

/**
 * Takes a folder, which is made where it is missing. The lock is DuckDB's on a file of its own, so there is no stale
 * lock: the system drops it when the process ends.
 *
 * @throws OnescanError of the code given when another process has the folder, FAILED_PRECONDITION when it cannot be
 *   written
 */
export async function lockFolder(folder: string, as: LockedFolder): Promise<FolderLock> {
  const path = join(folder, LOCK_FILE);
  try {
    mkdirSync(folder, { recursive: true });
    requireNoLink(path);
    if (!existsSync(path)) await createLockFile(path);
    const instance = await openConfinedDuckDb(path, SETTINGS);
    return { release: () => instance.closeSync() };
  } catch (thrown) {
    throw thrown instanceof OnescanError ? thrown : refusal(folder, as, thrown);
  }
}

/** Puts a whole file in place in one step, so that a crash leaves none that cannot be opened. */
async function createLockFile(path: string): Promise<void> {
  const partial = `${path}.partial-${process.pid}`;
  rmSync(partial, { force: true });
  (await openConfinedDuckDb(partial, SETTINGS)).closeSync();
  try {
    linkSync(partial, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  } finally {
    rmSync(partial, { force: true });
  }
}

function refusal(folder: string, { what, inUse, unwritable }: LockedFolder, thrown: unknown): OnescanError {
  const message = thrown instanceof Error ? thrown.message.split('\n')[0]! : String(thrown);
  if (!/could not set lock|conflicting lock/i.test(message)) {
    return new OnescanError('FAILED_PRECONDITION', `${what} ${folder} cannot be written: ${message}`, {
      remedy: unwritable,
      cause: thrown,
    });
  }
  const holder = /PID (\d+)/.exec(message)?.[1];
  const who = holder ? `process ${holder}` : 'another process';
  return new OnescanError(inUse.code, `${what} ${folder} is in use by ${who}`, {
    remedy: inUse.remedy,
    cause: thrown,
  });
}
