import { OnescanError } from '@onescan/contract/onescan-error.js';

/**
 * What is done with a file while it is open. DuckDB ends the process when a connection is closed under a query, so
 * closing waits for whatever is under way, and nothing begins any more.
 */
export class Uses {
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  /** @throws OnescanError UNAVAILABLE once {@link end} was called */
  async run<T>(use: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new OnescanError('UNAVAILABLE', 'the coordinator is shutting down');
    const running = use();
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }

  /** Refuses further uses and waits for those under way. */
  async end(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#underWay]);
  }
}
