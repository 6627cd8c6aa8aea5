import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatBytes } from '@onescan/shared/format/bytes.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';

/** Room for the next transaction (a ledger of 17,000 rows takes 3 MB) and for one report. */
const RESERVE_BYTES = 32 * 1024 ** 2;

/** A checkpoint writes what stands in the log to the file before it removes the log. */
const CHECKPOINT_FACTOR = 2;

/**
 * Checks that the disk of a state file has room for a transaction and the checkpoint after it.
 *
 * @throws OnescanError RESOURCE_EXHAUSTED with the figures
 */
export async function requireDiskRoom(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  const freeBytes = bavail * bsize;
  if (freeBytes >= RESERVE_BYTES + CHECKPOINT_FACTOR * MAX_LOG_BYTES) return;
  const neededBytes = RESERVE_BYTES + CHECKPOINT_FACTOR * (await logBytes(path));
  if (freeBytes >= neededBytes) return;
  throw new OnescanError(
    'RESOURCE_EXHAUSTED',
    `the disk of ${path} is full: ${formatBytes(freeBytes)} free, ${formatBytes(neededBytes)} needed`,
    { remedy: 'Free space: the coordinator then goes on by itself, nothing is lost' },
  );
}

/** Above this DuckDB checkpoints by itself (its default of 16 MiB), give or take a transaction. */
const MAX_LOG_BYTES = 64 * 1024 ** 2;

async function logBytes(path: string): Promise<number> {
  try {
    return (await stat(`${path}.wal`)).size;
  } catch {
    return 0; // No log yet.
  }
}
