import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskFile } from '@onescan/contract/generated/onescan/v1/result.js';
import type { ComputeRequest } from './compute-protocol.js';
import { type HandedOver, sendTaskFile } from './send-task-file.js';

export interface FileToHandOver {
  readonly kind: HandedOver;
  /** Writes the content to a file that is not there yet. */
  write(path: string): Promise<void>;
}

/**
 * Writes a file of a task and hands it over to the coordinator, which has stored it when this returns. Before the
 * result of the task is told, so that no result is without its files.
 *
 * @returns what the result says of the file
 * @throws OnescanError of the coordinator when it refuses the file or stays away; CANCELLED
 */
export async function handOverFile(
  request: ComputeRequest,
  { kind, write }: FileToHandOver,
  { isCancelled }: { isCancelled(): boolean },
): Promise<TaskFile> {
  const { downloadFolder, serial } = request;
  await mkdir(downloadFolder, { recursive: true, mode: 0o700 });
  const path = join(downloadFolder, `file-${kind}-${serial}`);
  try {
    await write(path);
    const file = { sha256: await sha256OfFile(path), bytes: BigInt((await stat(path)).size) };
    await sendTaskFile({ request, path, kind, file, isCancelled });
    return file;
  } finally {
    await rm(path, { force: true });
  }
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
