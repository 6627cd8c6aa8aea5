import { parentPort, workerData } from 'node:worker_threads';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import {
  type ComputeEvent,
  type ComputeRequest,
  type ComputeThreadData,
  ControlWord,
} from './compute-protocol.js';
import { PairMemory } from './pair-memory.js';
import { runTask } from './run-task.js';

/** The compute thread: takes requests one after the other, polls the control words while it works. */
const port = parentPort;
if (!port) throw new OnescanError('INTERNAL', 'compute-worker.js runs as a worker thread only');
const { control } = workerData as ComputeThreadData;
const memory = new PairMemory();
let turn: Promise<void> = Promise.resolve();

port.on('message', (request: ComputeRequest) => {
  turn = turn.then(() =>
    runTask(request, memory, {
      tell: (event: ComputeEvent) => port.postMessage(event),
      isCancelled: () => {
        if (Atomics.exchange(control, ControlWord.Shrink, 0) === 1) memory.shrink();
        return Atomics.load(control, ControlWord.CancelSerial) === request.serial;
      },
    }),
  );
});
