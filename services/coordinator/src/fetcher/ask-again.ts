import { OnescanError } from '@onescan/shared/onescan-error.js';

/**
 * Waits before asking a fetcher again that could not be reached, in milliseconds: two minutes in all, enough
 * for it to be started again elsewhere.
 */
export const FETCHER_RETRY_WAITS_MS: readonly number[] = [
  500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000,
];

export interface AskAgainOptions {
  signal: AbortSignal;
  waitsMs: readonly number[];
  onRetry(error: OnescanError, waitMs: number): void;
}

/**
 * Calls `ask` until the fetcher can be reached. Only for what is safe to ask twice.
 *
 * @throws OnescanError as the fetcher sends it; UNAVAILABLE when it stays away
 */
export async function askAgain<T>(ask: () => Promise<T>, options: AskAgainOptions): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask();
    } catch (thrown) {
      const error = OnescanError.from(thrown);
      const waitMs = options.waitsMs[attempt];
      if (error.code !== 'UNAVAILABLE' || waitMs === undefined || options.signal.aborted) throw error;
      options.onRetry(error, waitMs);
      await wait(waitMs, options.signal);
    }
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
