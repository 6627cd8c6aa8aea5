import { NoUsableAnswer } from './bigquery-problem.js';

/** How long an answer may take, in milliseconds. */
export interface RequestDeadlines {
  readonly requestMs: number;
  /** Of requests that carry a statement: planning one of hundreds of tables takes BigQuery a while. */
  readonly statementMs: number;
}

export const DEFAULT_REQUEST_DEADLINES: RequestDeadlines = { requestMs: 60_000, statementMs: 180_000 };

/**
 * Sends a request and waits for its answer for a limited time and as long as it is wanted. Google's client knows
 * neither: what it has sent stays sent, and an answer that comes later is dropped.
 *
 * @throws NoUsableAnswer when the time is over; the reason of the signal when it is aborted
 */
export async function withDeadline<T>(
  request: () => Promise<T>,
  { deadlineMs, signal }: { deadlineMs: number; signal?: AbortSignal | undefined },
): Promise<T> {
  signal?.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let abort: () => void = () => undefined;
  const given = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoUsableAnswer(`no answer within ${deadlineMs} ms`)), deadlineMs);
    abort = () => reject(signal!.reason);
    signal?.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([request(), given]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
