import { OnescanError } from '@onescan/contract/onescan-error.js';

/** Time between two looks at files that may have been replaced, in milliseconds. */
export const RELOAD_MS = 2_000;

export interface LastGoodOptions<T> {
  /** Reads all of it anew. */
  load(): T;
  /** Another one has taken its place. */
  onChange?(now: T, before: T): void;
  /** It cannot be read, or not used; said once for each reason. */
  onProblem?(problem: OnescanError): void;
  /** Default {@link RELOAD_MS}. */
  everyMs?: number;
}

/**
 * What files hold, read again while the process runs. While they are broken, what they last held stays in use. Their
 * bytes are compared, not their times: links that are turned elsewhere and clocks that are set back count too.
 */
export class LastGood<T extends { readonly version: string }> {
  #current: T;
  #problem = '';
  readonly #options: LastGoodOptions<T>;
  readonly #timer: NodeJS.Timeout;

  /** @throws OnescanError of `load`: at first there is nothing to go on with */
  constructor(options: LastGoodOptions<T>) {
    this.#options = options;
    this.#current = options.load();
    this.#timer = setInterval(() => this.check(), options.everyMs ?? RELOAD_MS).unref();
  }

  get current(): T {
    return this.#current;
  }

  /** Looks at once. */
  check(): void {
    const before = this.#current;
    try {
      const now = this.#options.load();
      this.#problem = '';
      if (now.version === before.version) return;
      this.#current = now;
      this.#options.onChange?.(now, before);
    } catch (thrown) {
      const problem = OnescanError.from(thrown);
      if (problem.text === this.#problem) return;
      this.#problem = problem.text;
      this.#options.onProblem?.(problem);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
