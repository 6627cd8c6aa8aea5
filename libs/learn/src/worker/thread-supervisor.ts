import { parentPort, Worker, workerData } from 'node:worker_threads';
import type { HelperStart, SupervisorData } from '../threads/helper-threads.js';

const { dead, reports, heapMegabytes } = workerData as SupervisorData;
const limits = heapMegabytes === undefined ? {} : { maxOldGenerationSizeMb: heapMegabytes };

parentPort?.on('message', ({ helper, port }: HelperStart) => {
  const worker = new Worker(new URL('./piece-worker.js', import.meta.url), {
    workerData: { port },
    transferList: [port],
    resourceLimits: limits,
  });
  let reason: string | undefined;
  worker.on('error', (error: NodeJS.ErrnoException) => {
    reason = error.code === undefined ? error.message : `${error.message} (${error.code})`;
  });
  worker.on('exit', (code) => {
    reports.postMessage(reason ?? `it ended with exit code ${code}`);
    Atomics.store(dead, helper, 1);
  });
});
