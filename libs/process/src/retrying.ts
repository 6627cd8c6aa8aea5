import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, OnescanError } from '@onescan/contract/onescan-error.js';

export interface RetryOptions {
  /** Milliseconds before the second call, the third and so on; when they are used up the last error counts. */
  readonly waitsMs: Iterable<number>;
  /** Whether another call may not meet what this one threw. */
  isPassing(thrown: unknown): boolean;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each wait. */
  onRetry?(thrown: unknown, waitMs: number): void;
  /** False: waiting does not keep the process alive. */
  readonly ref?: boolean;
}

/**
 * Calls until it succeeds, fails for good, or the waits are used up. Only for what is safe to do twice.
 *
 * @throws what the last call threw, as it threw it; AbortError when the signal ends a wait
 */
export async function retrying<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { isPassing, signal, onRetry, ref = true } = options;
  const waits = options.waitsMs[Symbol.iterator]();
  for (;;) {
    try {
      return await call();
    } catch (thrown) {
      if (signal?.aborted || !isPassing(thrown)) throw thrown;
      const { done, value: waitMs } = waits.next();
      if (done) throw thrown;
      onRetry?.(thrown, waitMs);
      await sleep(waitMs, undefined, { ref, ...(signal ? { signal } : {}) });
    }
  }
}

/** Codes of a peer that is away or restarts: nobody knows whether the call arrived. */
const AWAY: ReadonlySet<ErrorCode> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED']);

/** Codes of a stream that broke off for a reason that another stream may not meet. */
const BROKEN_OFF: ReadonlySet<ErrorCode> = new Set([...AWAY, 'ABORTED', 'UNKNOWN']);

/** Whether a call failed because its peer is away or restarts. */
export function isAway(thrown: unknown): boolean {
  return AWAY.has(OnescanError.from(thrown).code);
}

/** Whether a stream broke off and may be begun again where it ended. */
export function isBrokenOff(thrown: unknown): boolean {
  return BROKEN_OFF.has(OnescanError.from(thrown).code);
}
