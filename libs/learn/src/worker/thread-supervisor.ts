import { type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';

/** What the supervising thread is started with. */
export interface SupervisorData {
  /** By helper: set to 1 when it has ended. */
  readonly dead: Int32Array;
  /** Where the reasons go, as text. */
  readonly reports: MessagePort;
  readonly heapMegabytes: number | undefined;
}

/** Asks for a helper that is sent its work through the port. */
export interface HelperStart {
  readonly helper: number;
  readonly port: MessagePort;
}

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
