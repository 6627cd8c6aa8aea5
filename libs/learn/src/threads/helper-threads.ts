import { existsSync } from 'node:fs';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';

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

export interface HelperOptions {
  /** Limit on each helper's JavaScript heap, in MiB. Default: Node's own. */
  readonly heapMegabytes?: number;
}

/**
 * Helper threads of one pool. They are started by a supervising thread: the thread that uses them blocks
 * while it waits, so nothing but another thread can tell it that one of them has ended.
 */
export class HelperThreads {
  readonly #ports: MessagePort[] = [];
  readonly #dead: Int32Array;
  readonly #supervisor: Worker;
  readonly #reports: MessagePort;

  /** @param most helpers that will ever be started */
  constructor(most: number, { heapMegabytes }: HelperOptions) {
    const { port1, port2 } = new MessageChannel();
    this.#reports = port1;
    this.#dead = new Int32Array(new SharedArrayBuffer(4 * most));
    const workerData: SupervisorData = { dead: this.#dead, reports: port2, heapMegabytes };
    this.#supervisor = new Worker(supervisorFile(), { workerData, transferList: [port2] });
    this.#supervisor.unref();
    port1.unref();
  }

  /** Ports to the first `count` helpers; starts those that are not there yet. */
  ports(count: number): readonly MessagePort[] {
    while (this.#ports.length < count) {
      const { port1, port2 } = new MessageChannel();
      const start: HelperStart = { helper: this.#ports.length, port: port2 };
      this.#supervisor.postMessage(start, [port2]);
      port1.unref();
      this.#ports.push(port1);
    }
    return this.#ports.slice(0, count);
  }

  isDead(helper: number): boolean {
    return Atomics.load(this.#dead, helper) === 1;
  }

  someDied(): boolean {
    return this.#ports.some((_, helper) => this.isDead(helper));
  }

  /** Why helpers have ended, since this was asked last. */
  reasons(): string[] {
    const reasons: string[] = [];
    for (let got = receiveMessageOnPort(this.#reports); got; got = receiveMessageOnPort(this.#reports)) {
      reasons.push(got.message as string);
    }
    return reasons;
  }

  close(): void {
    for (const port of [...this.#ports, this.#reports]) port.close();
    // Nothing waits for the end: an idle thread holds no block of any memory. Helpers end with their supervisor.
    void this.#supervisor.terminate();
  }
}

/** The compiled thread: threads cannot run TypeScript, so specs under src use the one in dist. */
function supervisorFile(): URL {
  const own = import.meta.url.replace(/\/src\/threads\/[^/]+\.ts$/, '/dist/threads/helper-threads.js');
  const file = new URL('../worker/thread-supervisor.js', own);
  // The thread that waits would not hear of a thread that cannot start.
  if (!existsSync(file))
    throw new Error('the threads of the learning engine were not built; build: npm run build');
  return file;
}
