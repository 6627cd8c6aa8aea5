import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TaskFile, TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import { diskFull, isDiskFull, OnescanError } from '@onescan/contract/onescan-error.js';
import { requirePair } from '@onescan/contract/pair.js';
import { STATE_FILE } from './open-state-file.js';
import { requireDiskRoom } from './require-disk-room.js';
import { runFolder } from './run-folder.js';

/** Which task a file is of. */
export interface FiledTask {
  readonly runId: string;
  readonly pair: string;
  readonly horizon: number;
}

/** What tasks hand over, with the folder of a run that it stands in. */
const PLACES = {
  [TaskFileKind.TASK_FILE_KIND_EXPLANATION]: { folder: 'shap', ending: 'parquet' },
  [TaskFileKind.TASK_FILE_KIND_MODELS]: { folder: 'models', ending: 'models' },
} as const;

/** A kind of file that is stored. */
export type StoredKind = keyof typeof PLACES;

/** Whether files of a kind, as a message names it, are stored. */
export function isStoredKind(kind: TaskFileKind): kind is StoredKind {
  return Object.hasOwn(PLACES, kind);
}

/** The files that tasks hand over, beside the other results of their run. */
export class TaskFiles {
  readonly #stateDir: string;
  /** Bytes announced of files that are on their way. */
  #expected = 0;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** @param task one of a run that exists: its names become parts of the path */
  pathOf({ runId, pair, horizon }: FiledTask, kind: StoredKind): string {
    requirePair(pair);
    const { folder, ending } = PLACES[kind];
    return join(runFolder(this.#stateDir, runId), folder, `${pair}_h${Number(horizon)}.${ending}`);
  }

  /**
   * Stores a file in one step: nobody sees half of it, and it is on disk when this returns. A file that is there
   * already is left alone. The state file beside it keeps the room that it needs.
   *
   * @throws OnescanError DATA_LOSS when the bytes are not those announced; one that tells a full disk
   */
  async receive(
    task: FiledTask,
    { kind, file }: { kind: StoredKind; file: TaskFile },
    chunks: AsyncIterable<Buffer>,
  ): Promise<void> {
    if (await this.holds(task, kind, file)) return;
    const path = this.pathOf(task, kind);
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
  async holds(task: FiledTask, kind: StoredKind, { sha256, bytes }: TaskFile): Promise<boolean> {
    const path = this.pathOf(task, kind);
    const found = await stat(path).catch(() => undefined);
    if (!found || BigInt(found.size) !== bytes) return false;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest('hex') === sha256;
  }
}

async function write(handle: FileHandle, file: TaskFile, chunks: AsyncIterable<Buffer>): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0n;
  for await (const chunk of chunks) {
    bytes += BigInt(chunk.length);
    if (bytes > file.bytes) break;
    hash.update(chunk);
    // Not write(): on a disk that fills up it writes what fits and says nothing.
    await handle.appendFile(chunk);
  }
  if (bytes !== file.bytes || hash.digest('hex') !== file.sha256) {
    throw new OnescanError(
      'DATA_LOSS',
      `${bytes} bytes arrived that are not the ${file.bytes} bytes announced`,
    );
  }
}

/** What went wrong; a disk that turned out full with the path and what happens next. */
function told(path: string, thrown: unknown): unknown {
  if (thrown instanceof OnescanError || !isDiskFull(OnescanError.from(thrown))) return thrown;
  return diskFull(`no room on the disk for ${path}`, {
    remedy: 'Free space: the trainer keeps the file and the run goes on by itself',
    cause: thrown,
  });
}
