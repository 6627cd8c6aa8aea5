import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, OnescanError } from '@onescan/contract/onescan-error.js';
import type { DatasetContent, WriteStage } from './dataset-content.js';

export interface WriterInput {
  path: string;
  content: DatasetContent;
  /** One shared number: 1 = stop. */
  cancelled: Int32Array;
}

export type WriterMessage =
  | { kind: 'progress'; stage: WriteStage; done: number; total: number }
  | { kind: 'done' }
  | { kind: 'failed'; code: ErrorCode; message: string; remedy: string };

export interface WriteOptions {
  signal?: AbortSignal;
  onProgress?(stage: WriteStage, done: number, total: number): void;
}

/**
 * Writes, verifies and publishes a dataset file under `path` in a worker thread, so that this thread goes on
 * answering. The spool is read, not removed. On failure or abort nothing is left under any name.
 *
 * @throws OnescanError CANCELLED on abort, DATA_LOSS when what is read back differs, INTERNAL
 */
export async function writeDataset(
  path: string,
  content: DatasetContent,
  options: WriteOptions = {},
): Promise<void> {
  const cancelled = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const cancel = (): void => {
    Atomics.store(cancelled, 0, 1);
  };
  if (options.signal?.aborted) cancel();
  options.signal?.addEventListener('abort', cancel, { once: true });
  const input: WriterInput = { path, content, cancelled };
  const worker = new Worker(workerFile(), { workerData: input });
  let outcome: WriterMessage | undefined;
  worker.on('message', (message: WriterMessage) => {
    if (message.kind === 'progress') options.onProgress?.(message.stage, message.done, message.total);
    else outcome = message;
  });
  try {
    await once(worker, 'exit');
  } finally {
    options.signal?.removeEventListener('abort', cancel);
  }
  if (outcome?.kind === 'done') return;
  if (outcome?.kind === 'failed') {
    throw new OnescanError(outcome.code, outcome.message, { remedy: outcome.remedy });
  }
  throw new OnescanError('INTERNAL', `the thread that writes ${path} ended without a word`);
}

/** The compiled worker: threads cannot run TypeScript, so specs under src use the one in dist. */
function workerFile(): URL {
  const own = import.meta.url.replace(/\/src\/[^/]+\.ts$/, '/dist/write-dataset.js');
  return new URL('./write-dataset.worker.js', own);
}
