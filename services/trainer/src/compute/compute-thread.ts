import { Worker } from 'node:worker_threads';
import {
  type ComputeEvent,
  type ComputeRequest,
  type ComputeThreadData,
  ControlWord,
  createControl,
} from './compute-protocol.js';

/** The program of the compute thread. */
export const COMPUTE_PROGRAM = new URL('./compute-worker.js', import.meta.url);

const BYTES_PER_MIB = 1024 ** 2;

export interface ComputeThreadOptions {
  program: URL;
  memoryLimitBytes: number;
  onEvent(event: ComputeEvent): void;
  /** The thread ended without being told to. `outOfMemory`: its JavaScript heap was full. */
  onCrash(reason: string, outOfMemory: boolean): void;
}

/**
 * One worker thread that computes tasks. A thread lives as long as one dataset is held: ending the
 * thread is the only way to be sure that all its WebAssembly memory goes back to the system.
 */
export class ComputeThread {
  readonly #worker: Worker;
  readonly #control = createControl();
  #ended = false;

  constructor(options: ComputeThreadOptions) {
    const workerData: ComputeThreadData = { control: this.#control };
    this.#worker = new Worker(options.program, {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(options.memoryLimitBytes / BYTES_PER_MIB) },
    });
    const crash = (reason: string, outOfMemory: boolean): void => {
      if (this.#ended) return;
      this.#ended = true;
      options.onCrash(reason, outOfMemory);
    };
    this.#worker.on('message', (event: ComputeEvent) => {
      if (!this.#ended) options.onEvent(event);
    });
    this.#worker.on('error', (error) => crash(describe(error), isHeapFull(error)));
    this.#worker.on('exit', (code) => crash(`the compute thread exited with code ${code}`, false));
  }

  run(request: ComputeRequest): void {
    this.#worker.postMessage(request);
  }

  /** Asks the thread to give up a task; it answers with a `failed` event when it next looks. */
  cancel(serial: number): void {
    Atomics.store(this.#control, ControlWord.CancelSerial, serial);
  }

  /** Asks the thread to drop learners that are not in use, when it next looks. */
  shrink(): void {
    Atomics.store(this.#control, ControlWord.Shrink, 1);
  }

  /** Ends the thread at once, whatever it does, and gives its memory back. No more events follow. */
  async terminate(): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function isHeapFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
