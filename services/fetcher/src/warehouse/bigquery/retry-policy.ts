/** How often calls to BigQuery are made again, and how fast. */
export interface RetryPolicy {
  /** Calls in all, the first included. */
  readonly attempts: number;
  /** Wait before the second call; it doubles from then on. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** Waits 1 + 2 + 4 + 8 + 16 s in all: what BigQuery asks clients to do for rate limits and server errors. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = { attempts: 6, firstDelayMs: 1000, maxDelayMs: 32_000 };

/** The waits before the second call, the third and so on, in milliseconds. */
export function waitsOf({ attempts, firstDelayMs, maxDelayMs }: RetryPolicy): number[] {
  return Array.from({ length: attempts - 1 }, (_, i) => Math.min(maxDelayMs, firstDelayMs * 2 ** i));
}
