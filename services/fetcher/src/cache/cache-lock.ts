import { existsSync, linkSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openConfinedDuckDb } from '@onescan/shared/duckdb/open-duckdb.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';

const LOCK_FILE = '.lock';
const SETTINGS = { threads: '1', memory_limit: '32MB' };

/** The one fetcher of a cache folder; the lock goes with the process, however that ends. */
export interface CacheLock {
  release(): void;
}

/**
 * Takes a cache folder. Two fetchers on one folder would pay twice for the same dataset and take each other's
 * unfinished files for torn ones. The lock is DuckDB's on a file of its own, so there is no stale lock: the
 * system drops it when the process ends.
 *
 * @throws OnescanError FAILED_PRECONDITION when another process has the folder, or it cannot be written
 */
export async function lockCache(folder: string): Promise<CacheLock> {
  const path = join(folder, LOCK_FILE);
  try {
    mkdirSync(folder, { recursive: true });
    if (!existsSync(path)) await createLockFile(path);
    const instance = await openConfinedDuckDb(path, SETTINGS);
    return { release: () => instance.closeSync() };
  } catch (thrown) {
    throw refusal(folder, thrown);
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

function refusal(folder: string, thrown: unknown): OnescanError {
  const message = thrown instanceof Error ? thrown.message.split('\n')[0]! : String(thrown);
  if (!/could not set lock|conflicting lock/i.test(message)) {
    return new OnescanError('FAILED_PRECONDITION', `cache folder ${folder} cannot be written: ${message}`, {
      remedy: 'Give the fetcher a folder that it may write to, with room for datasets',
      cause: thrown,
    });
  }
  const holder = /PID (\d+)/.exec(message)?.[1];
  const who = holder ? `process ${holder}` : 'another process';
  return new OnescanError('FAILED_PRECONDITION', `cache folder ${folder} is in use by ${who}`, {
    remedy: 'Stop the other fetcher, or give this one another --cache folder',
    cause: thrown,
  });
}
