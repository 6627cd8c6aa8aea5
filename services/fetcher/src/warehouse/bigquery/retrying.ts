import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryPolicy {
  /** Calls in all, the first included. */
  readonly attempts: number;
  /** Wait before the second call; it doubles from then on. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** Waits 1 + 2 + 4 + 8 + 16 s in all: what BigQuery asks clients to do for rate limits and server errors. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = { attempts: 6, firstDelayMs: 1000, maxDelayMs: 32_000 };

/**
 * Calls until it succeeds, fails for good or the attempts are used up; then throws the last error. Only for
 * calls that may safely happen twice.
 *
 * @throws AbortError when the signal is aborted while it waits
 */
export async function retrying<T>(
  call: () => Promise<T>,
  { policy, isTransient, signal }: RetryOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (thrown) {
      if (attempt >= policy.attempts || !isTransient(thrown)) throw thrown;
    }
    const delay = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
    await sleep(delay, undefined, signal ? { signal } : {});
  }
}

export interface RetryOptions {
  policy: RetryPolicy;
  isTransient(thrown: unknown): boolean;
  signal?: AbortSignal | undefined;
}
