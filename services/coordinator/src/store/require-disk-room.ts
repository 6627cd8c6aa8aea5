import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { diskFull } from '@onescan/contract/onescan-error.js';

/** Room for the next transaction (a ledger of 17,000 rows takes 3 MB) and for one report. */
const RESERVE_BYTES = 32 * 1024 ** 2;

/** A checkpoint writes what stands in the log to the file before it removes the log. */
const CHECKPOINT_FACTOR = 2;

/**
 * Checks that the disk of a state file has room for a transaction and the checkpoint after it.
 *
 * @param besides bytes that are to be written beside the state file and must leave that room
 * @throws OnescanError RESOURCE_EXHAUSTED with the figures, of a kind that tells a full disk
 */
export async function requireDiskRoom(path: string, besides = 0): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  const freeBytes = bavail * bsize;
  if (freeBytes >= besides + RESERVE_BYTES + CHECKPOINT_FACTOR * MAX_LOG_BYTES) return;
  const neededBytes = besides + RESERVE_BYTES + CHECKPOINT_FACTOR * (await logBytes(path));
  if (freeBytes >= neededBytes) return;
  throw diskFull(
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
