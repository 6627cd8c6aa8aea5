import { rm } from 'node:fs/promises';
import type { ComputeEvent, ComputeRequest } from './compute-protocol.js';
import { ComputeThread } from './compute-thread.js';

export interface ThreadSlotOptions {
  program: URL;
  /** Holds the copy of a dataset that a thread downloaded; removed with the thread. */
  downloadFolder: string;
  onEvent(event: ComputeEvent): void;
  onCrash(reason: string, outOfMemory: boolean): void;
}

/** The one place for a compute thread: at most one lives, and it holds at most one pair. */
export class ThreadSlot {
  readonly #options: ThreadSlotOptions;
  #thread: ComputeThread | undefined;
  #pairKey = '';
  #datasetId = '';
  #loaded = false;
  #ending: Promise<void> = Promise.resolve();

  constructor(options: ThreadSlotOptions) {
    this.#options = options;
  }

  get isTaken(): boolean {
    return this.#thread !== undefined;
  }

  /** Dataset held in memory, empty when none. */
  get heldDatasetId(): string {
    return this.#loaded ? this.#datasetId : '';
  }

  /** Ends a thread that holds another pair; resolves when its memory is back. */
  async makeRoom(pairKey: string): Promise<void> {
    if (this.#pairKey !== pairKey) this.end();
    await this.#ending;
  }

  run(pairKey: string, request: ComputeRequest): void {
    this.#thread ??= this.#create(request.memoryLimitBytes);
    this.#pairKey = pairKey;
    this.#datasetId = request.dataset.datasetId;
    this.#thread.run(request);
  }

  cancel(serial: number): void {
    this.#thread?.cancel(serial);
  }

  shrink(): void {
    this.#thread?.shrink();
  }

  /** Ends the thread at once; no more events follow. */
  end(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#pairKey = '';
    this.#datasetId = '';
    this.#loaded = false;
    if (thread) this.#ending = this.#ending.then(() => this.#clear(thread));
  }

  /** Resolves when all threads that were ended are gone. */
  get ended(): Promise<void> {
    return this.#ending;
  }

  #create(memoryLimitBytes: number): ComputeThread {
    const { program, onEvent, onCrash } = this.#options;
    const thread: ComputeThread = new ComputeThread({
      program,
      memoryLimitBytes,
      onEvent: (event) => {
        if (this.#thread !== thread) return;
        if (event.kind === 'stage' && event.stage === 'load' && event.event === 'end') this.#loaded = true;
        onEvent(event);
      },
      onCrash: (reason, outOfMemory) => {
        if (this.#thread !== thread) return;
        this.end();
        onCrash(reason, outOfMemory);
      },
    });
    return thread;
  }

  async #clear(thread: ComputeThread): Promise<void> {
    await thread.terminate();
    await rm(this.#options.downloadFolder, { recursive: true, force: true });
  }
}
