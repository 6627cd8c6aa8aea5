import { OnescanError } from '@onescan/contract/onescan-error.js';
import { retrying } from '@onescan/process/retrying.js';

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
 * @throws OnescanError as the fetcher sends it; UNAVAILABLE when it stays away; AbortError when the signal ends a wait
 */
export function askAgain<T>(ask: () => Promise<T>, options: AskAgainOptions): Promise<T> {
  return retrying(ask, {
    ...options,
    isPassing: (thrown) => OnescanError.from(thrown).code === 'UNAVAILABLE',
    onRetry: (thrown, waitMs) => options.onRetry(OnescanError.from(thrown), waitMs),
  });
}
