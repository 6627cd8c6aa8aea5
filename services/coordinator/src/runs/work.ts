import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Logger } from '@onescan/process/log.js';
import { Serial } from '../store/serial.js';
import { outsideSpans } from './run-traces.js';

/** What the coordinator does: changes of state one after the other, and work that goes on beside them. */
export class Work {
  readonly #log: Logger;
  readonly #lock = new Serial();
  readonly #background = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Aborted when the coordinator shuts down. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /**
   * Runs `fn` alone among all state changes: under the lock. Must not be called from within itself.
   *
   * @throws OnescanError UNAVAILABLE during shutdown
   */
  exclusive<T>(fn: () => Promise<T>): Promise<T> {
    return this.#lock.run(() => {
      if (this.stopping.aborted) throw new OnescanError('UNAVAILABLE', 'the coordinator is shutting down');
      return fn();
    });
  }

  /** Starts work that nobody waits for; it runs outside the caller's spans and its errors are logged. */
  background(what: string, fn: () => Promise<void>): void {
    const work = outsideSpans(fn)
      .catch((thrown: unknown) => {
        if (!this.stopping.aborted) this.#log.error({ err: thrown, what }, 'background work failed');
      })
      .finally(() => this.#background.delete(work));
    this.#background.add(work);
  }

  /** Refuses further changes and waits for those under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#lock.idle();
    await Promise.all([...this.#background]);
  }
}
