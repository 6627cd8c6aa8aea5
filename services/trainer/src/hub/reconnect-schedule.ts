/** First wait before dialling again, in milliseconds. */
export const FIRST_WAIT_MS = 100;

/** Longest wait: a coordinator that comes back finds its trainers within seconds. */
export const LONGEST_WAIT_MS = 3_000;

/**
 * Wait before dial number `attempt` (0 = the first after a loss), doubling from {@link FIRST_WAIT_MS} to
 * {@link LONGEST_WAIT_MS}. No jitter: a handful of trainers cannot stampede a coordinator, and a schedule
 * that repeats can be tested.
 */
export function reconnectWaitMs(attempt: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 30));
}
