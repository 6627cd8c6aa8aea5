import { parentPort } from 'node:worker_threads';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { buildDatasetFile } from './build-dataset-file.js';
import type { WriterInput, WriterMessage } from './write-dataset.js';

const send = (message: WriterMessage): void => parentPort!.postMessage(message);

/** Messages at most this often, in milliseconds: the writer finishes thousands of columns a second. */
const PROGRESS_INTERVAL_MS = 100;

parentPort!.on('message', async ({ path, content, cancelled }: WriterInput) => {
  let lastSent = 0;
  try {
    await buildDatasetFile(path, content, {
      isCancelled: () => Atomics.load(cancelled, 0) === 1,
      onProgress: (stage, done, total) => {
        const now = performance.now();
        if (now - lastSent < PROGRESS_INTERVAL_MS && done < total) return;
        lastSent = now;
        send({ kind: 'progress', stage, done, total });
      },
    });
    send({ kind: 'done' });
  } catch (thrown) {
    const error = OnescanError.from(thrown);
    send({ kind: 'failed', code: error.code, message: error.message, remedy: error.remedy });
  }
});
