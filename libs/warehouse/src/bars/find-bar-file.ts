import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { badFile } from './bad-bars.js';

const EXTENSIONS = ['parquet', 'csv'] as const;

/** @throws OnescanError NOT_FOUND when the folder does not exist */
export function requireFolder(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  throw new OnescanError('NOT_FOUND', `bars: there is no folder ${path}`, {
    remedy: 'Name the folder that holds one Parquet or CSV file a pair, such as eurusd.parquet',
    details: { path },
  });
}

/**
 * The bar file of a pair in the folder, or undefined when it has none.
 *
 * @throws OnescanError INVALID_ARGUMENT when it has both a Parquet and a CSV file
 */
export function findBarFile(folder: string, pair: string): string | undefined {
  const found = EXTENSIONS.map((extension) => join(folder, `${pair}.${extension}`)).filter((file) =>
    existsSync(file),
  );
  const odd = found.find((file) => !statSync(file).isFile());
  if (odd !== undefined) throw badFile(odd, 'is not a file', 'It must be one Parquet or CSV file');
  if (found.length <= 1) return found[0];
  throw new OnescanError('INVALID_ARGUMENT', `bars: ${pair} has two files, ${found.join(' and ')}`, {
    remedy: 'Keep one of them',
    details: { pair },
  });
}

/** What tells that a file was written to: its size and when. */
export function fileState(file: string): string {
  const { size, mtimeMs, ino } = statSync(file);
  return `${size} ${mtimeMs} ${ino}`;
}

/**
 * SHA-256 of the bytes of a file.
 *
 * @throws OnescanError INVALID_ARGUMENT when it cannot be read
 */
export async function hashBarFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
  } catch (cause) {
    throw badFile(
      file,
      `cannot be read: ${(cause as Error).message}`,
      'Check its permissions and its disk',
      cause,
    );
  }
  return hash.digest('hex');
}
