/** Runs async functions one after another, in the order they were handed in. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** Must not be called from inside a function that is being run: it would wait for itself. */
  run<T>(fn: () => Promise<T>): Promise<T> {
    const result = this.#last.then(fn);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when everything handed in so far has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
