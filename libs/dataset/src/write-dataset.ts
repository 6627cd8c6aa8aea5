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
 * How long a thread waits for the next dataset, in milliseconds: loading what it writes with takes a new one half a
 * second of work, more than a small dataset; and one that waits holds on to the memory of the last.
 */
const IDLE_MS = 3_000;

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
  const worker = takeThread();
  try {
    const input: WriterInput = { path, content, cancelled };
    const outcome = await outcomeOf(worker, input, options);
    if (outcome?.kind === 'done') return keepThread(worker);
    void worker.terminate();
    if (outcome?.kind === 'failed') {
      throw new OnescanError(outcome.code, outcome.message, { remedy: outcome.remedy });
    }
    throw new OnescanError('INTERNAL', `the thread that writes ${path} ended without a word`);
  } finally {
    options.signal?.removeEventListener('abort', cancel);
  }
}

type WriterOutcome = Exclude<WriterMessage, { kind: 'progress' }>;

/** What the thread says at the end, undefined when it is gone without. */
async function outcomeOf(
  worker: Worker,
  input: WriterInput,
  { onProgress }: WriteOptions,
): Promise<WriterOutcome | undefined> {
  try {
    return await new Promise((resolve, reject) => {
      worker.on('message', (message: WriterMessage) => {
        if (message.kind === 'progress') onProgress?.(message.stage, message.done, message.total);
        else resolve(message);
      });
      worker.once('error', reject);
      worker.once('exit', () => resolve(undefined));
      worker.postMessage(input);
    });
  } finally {
    for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
  }
}

/** Threads that wait for another dataset, with the end of their patience. */
const idle = new Map<Worker, NodeJS.Timeout>();

function takeThread(): Worker {
  for (const [worker, timer] of idle) {
    clearTimeout(timer);
    idle.delete(worker);
    for (const event of ['error', 'exit']) worker.removeAllListeners(event);
    worker.ref();
    return worker;
  }
  return new Worker(workerFile());
}

/** Keeps a thread that has written well for the next dataset; it keeps no process alive. */
function keepThread(worker: Worker): void {
  const end = (): void => {
    idle.delete(worker);
    void worker.terminate();
  };
  worker.once('exit', end);
  worker.once('error', end);
  worker.unref();
  idle.set(worker, setTimeout(end, IDLE_MS).unref());
}

/** The compiled worker: threads cannot run TypeScript, so specs under src use the one in dist. */
function workerFile(): URL {
  const own = import.meta.url.replace(/\/src\/[^/]+\.ts$/, '/dist/write-dataset.js');
  return new URL('./write-dataset.worker.js', own);
}
