import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ExplanationFile } from '@onescan/shared/generated/onescan/v1/result.js';
import { diskFull, isDiskFull, OnescanError } from '@onescan/shared/onescan-error.js';
import { requirePair } from '@onescan/shared/pair.js';
import { STATE_FILE } from '../store/open-state-file.js';
import { requireDiskRoom } from '../store/require-disk-room.js';
import { runFolder } from '../store/run-folder.js';

/** Which task a file is of. */
export interface ExplainedTask {
  readonly runId: string;
  readonly pair: string;
  readonly horizon: number;
}

/** The files of SHAP values by row, beside the other results of their run. */
export class ExplanationFiles {
  readonly #stateDir: string;
  /** Bytes announced of files that are on their way. */
  #expected = 0;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** @param task one of a run that exists: its names become parts of the path */
  pathOf({ runId, pair, horizon }: ExplainedTask): string {
    requirePair(pair);
    return join(runFolder(this.#stateDir, runId), 'shap', `${pair}_h${Number(horizon)}.parquet`);
  }

  /**
   * Stores a file in one step: nobody sees half of it, and it is on disk when this returns. A file that is there
   * already is left alone. The state file beside it keeps the room that it needs.
   *
   * @throws OnescanError DATA_LOSS when the bytes are not those announced; one that tells a full disk
   */
  async receive(task: ExplainedTask, file: ExplanationFile, chunks: AsyncIterable<Buffer>): Promise<void> {
    if (await this.holds(task, file)) return;
    const path = this.pathOf(task);
    const partial = `${path}.partial-${randomUUID()}`;
    const bytes = Number(file.bytes);
    this.#expected += bytes;
    try {
      await requireDiskRoom(join(this.#stateDir, STATE_FILE), this.#expected);
      await mkdir(dirname(path), { recursive: true });
      const handle = await open(partial, 'wx');
      try {
        await write(handle, file, chunks);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(partial, path);
    } catch (thrown) {
      await rm(partial, { force: true });
      throw told(path, thrown);
    } finally {
      this.#expected -= bytes;
    }
  }

  /** Whether exactly this file is stored. */
  async holds(task: ExplainedTask, { sha256, bytes }: ExplanationFile): Promise<boolean> {
    const path = this.pathOf(task);
    const found = await stat(path).catch(() => undefined);
    if (!found || BigInt(found.size) !== bytes) return false;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest('hex') === sha256;
  }
}

async function write(
  handle: FileHandle,
  file: ExplanationFile,
  chunks: AsyncIterable<Buffer>,
): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0n;
  for await (const chunk of chunks) {
    bytes += BigInt(chunk.length);
    if (bytes > file.bytes) break;
    hash.update(chunk);
    await handle.write(chunk);
  }
  if (bytes !== file.bytes || hash.digest('hex') !== file.sha256) {
    throw new OnescanError(
      'DATA_LOSS',
      `${bytes} bytes arrived that are not the ${file.bytes} bytes announced`,
    );
  }
}

/** What went wrong; a full disk with the path and what happens next. */
function told(path: string, thrown: unknown): unknown {
  if (!isDiskFull(OnescanError.from(thrown))) return thrown;
  return diskFull(`no room on the disk for ${path}`, {
    remedy: 'Free space: the trainer keeps the file and the run goes on by itself',
    cause: thrown,
  });
}
