import { parentPort, threadId, workerData } from 'node:worker_threads';
import {
  type ComputeEvent,
  type ComputeRequest,
  type ComputeThreadData,
  ControlWord,
} from '../compute/compute-protocol.js';

/** Key of stageSeconds under which the scripted thread tells its number. */
const THREAD = 'thread';

/**
 * A compute thread for tests that behaves by the preset it is given: "done" answers at once, "crash"
 * throws, "exit" leaves, "stall" works until cancelled, "deaf" never looks at anything again, "hoard"
 * fills memory outside the JavaScript heap.
 */
const { control } = workerData as ComputeThreadData;
const port = parentPort!;
const tell = (event: ComputeEvent): void => port.postMessage(event);
const hoard: Buffer[] = [];

port.on('message', (request: ComputeRequest) => {
  const at = Date.now();
  tell({ kind: 'stage', stage: 'load', event: 'start', at, facts: {} });
  tell({ kind: 'stage', stage: 'load', event: 'end', at, facts: {} });
  tell({ kind: 'progress', stage: 'select', fraction: 0.5 });
  const behave = BEHAVIOURS[request.preset];
  if (!behave) throw new Error(`no behaviour "${request.preset}"`);
  behave(request);
});

const BEHAVIOURS: Record<string, (request: ComputeRequest) => void> = {
  done,
  crash: () => {
    throw new Error('injected');
  },
  exit: () => process.exit(7),
  deaf: () => {
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  },
  stall: ({ serial }) => {
    while (Atomics.load(control, ControlWord.CancelSerial) !== serial) pause(5);
    tell({ kind: 'failed', serial, failure: 'CANCELLED', message: 'cancelled' });
  },
  slow: (request) => {
    pause(300);
    done(request);
  },
  hoard: () => {
    for (;;) {
      hoard.push(Buffer.alloc(16 * 1024 ** 2, hoard.length + 1));
      pause(10);
    }
  },
};

function done(request: ComputeRequest): void {
  const document = new TextEncoder().encode(`${request.pair} ${request.horizon}`);
  tell({
    kind: 'done',
    serial: request.serial,
    result: { document, documentSha256: 'none', ledger: [], summary: undefined },
    stageSeconds: { load: 0, [THREAD]: threadId },
    datasetWasLoaded: false,
  });
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
