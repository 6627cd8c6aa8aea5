import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const STOP = 0;
const SAMPLES = 1;
const ALONE = 2;
const BUSY = 3;

/**
 * Watches which threads of this process want to compute (run or wait for a core, so that the load of others
 * does not matter): the main thread, and those that are started after this call. Linux only.
 *
 * @returns a function that stops watching and returns the mean number of busy threads, which is what several
 *   threads can gain at most, and the share of the time in which more than the main thread was busy; undefined
 *   where threads cannot be watched
 */
export async function watchThreads() {
  if (!existsSync('/proc/self/task')) return () => undefined;
  const counts = new Int32Array(new SharedArrayBuffer(16));
  const watcher = new Worker(new URL('./thread-watcher.mjs', import.meta.url), { workerData: counts });
  await new Promise((resolve, reject) => watcher.once('message', resolve).once('error', reject));
  watcher.unref();
  return () => {
    Atomics.store(counts, STOP, 1);
    Atomics.notify(counts, STOP);
    return {
      meanBusy: counts[BUSY] / counts[SAMPLES],
      parallelShare: 1 - counts[ALONE] / counts[SAMPLES],
    };
  };
}

export { ALONE, BUSY, SAMPLES, STOP };
