import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Fetched, FetchStage } from './fetch-dataset.js';

export interface FetchProgressNow {
  stage: FetchStage;
  done: number;
  total: number;
}

interface SharedFetch {
  readonly abort: AbortController;
  readonly result: Promise<Fetched>;
  readonly progress: FetchProgressNow;
  users: number;
  /** Runs while nobody waits for the fetch. */
  orphanTimer?: NodeJS.Timeout | undefined;
  /** No grace when the last caller leaves: it was cancelled. */
  unwanted: boolean;
}

type StartFetch = (signal: AbortSignal, onProgress: (progress: FetchProgressNow) => void) => Promise<Fetched>;

/** A caller's part in a fetch. */
export interface FetchTicket {
  /** Rejects with CANCELLED as soon as the caller's signal aborts. */
  readonly result: Promise<Fetched>;
  progress(): FetchProgressNow;
  /** True for the caller whose request started the fetch. */
  readonly started: boolean;
}

export interface SharedFetchesOptions {
  /** Fetches that work at a time; the rest wait. */
  limit: number;
  /**
   * How long a fetch goes on whose last caller has left without cancelling it, in milliseconds: what was
   * billed is kept when a coordinator crashes and asks again.
   */
  orphanGraceMs: number;
}

/**
 * Fetches by dataset id: callers that want the same dataset at the same time share one fetch. It ends when
 * it is cancelled, or some time after the last caller has left.
 */
export class SharedFetches {
  readonly #fetches = new Map<string, SharedFetch>();
  readonly #waiting: (() => void)[] = [];
  #working = 0;

  constructor(private readonly options: SharedFetchesOptions) {}

  /** Waits while a fetch of the dataset is being cancelled: it can no longer be joined. */
  async whenJoinable(datasetId: string): Promise<void> {
    for (;;) {
      const fetch = this.#fetches.get(datasetId);
      if (!fetch?.abort.signal.aborted) return;
      await fetch.result.catch(() => undefined);
    }
  }

  /** Joins the fetch of a dataset, or starts it. Call it right after {@link whenJoinable}. */
  join(datasetId: string, signal: AbortSignal, start: StartFetch): FetchTicket {
    const running = this.#fetches.get(datasetId);
    const fetch = running ?? this.#start(datasetId, start);
    fetch.users++;
    clearTimeout(fetch.orphanTimer);
    return {
      result: this.#leaveOnAbort(fetch, signal),
      progress: () => fetch.progress,
      started: running === undefined,
    };
  }

  /** Gives a fetch up as soon as nobody waits for it, without grace; false when there is none. */
  cancel(datasetId: string): boolean {
    const fetch = this.#fetches.get(datasetId);
    if (!fetch) return false;
    fetch.unwanted = true;
    if (fetch.users === 0) this.#abandon(fetch);
    return true;
  }

  /** Ends all running fetches with an error, e.g. because memory runs out; returns how many. */
  abortAll(reason: OnescanError): number {
    const running = [...this.#fetches.values()].filter(({ abort }) => !abort.signal.aborted);
    for (const { abort } of running) abort.abort(reason);
    return running.length;
  }

  /** Cancels everything and waits until it has cleaned up. */
  async cancelAll(): Promise<void> {
    const fetches = [...this.#fetches.values()];
    for (const { abort } of fetches) abort.abort();
    await Promise.allSettled(fetches.map(({ result }) => result));
  }

  #start(datasetId: string, start: StartFetch): SharedFetch {
    const abort = new AbortController();
    const progress: FetchProgressNow = { stage: 'query', done: 0, total: 0 };
    const result = this.#inTurn(abort.signal, () =>
      start(abort.signal, (now) => Object.assign(progress, now)),
    )
      .catch((thrown: unknown) => {
        // Whoever aborts with a reason says more than the work that noticed.
        throw abort.signal.reason instanceof OnescanError ? abort.signal.reason : thrown;
      })
      .finally(() => {
        this.#fetches.delete(datasetId);
        clearTimeout(fetch.orphanTimer);
      });
    result.catch(() => undefined); // an orphan's end is awaited by nobody
    const fetch: SharedFetch = { abort, result, progress, users: 0, unwanted: false };
    this.#fetches.set(datasetId, fetch);
    return fetch;
  }

  async #leaveOnAbort(fetch: SharedFetch, signal: AbortSignal): Promise<Fetched> {
    let leave: () => void = () => undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(new OnescanError('CANCELLED', 'the fetch was cancelled'));
    });
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([fetch.result, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      this.#leave(fetch);
    }
  }

  #leave(fetch: SharedFetch): void {
    const { unwanted } = fetch;
    fetch.unwanted = false;
    if (--fetch.users > 0) return;
    const graceMs = unwanted ? 0 : this.options.orphanGraceMs;
    if (graceMs === 0) this.#abandon(fetch);
    else fetch.orphanTimer = setTimeout(() => this.#abandon(fetch), graceMs);
    fetch.orphanTimer?.unref();
  }

  #abandon(fetch: SharedFetch): void {
    clearTimeout(fetch.orphanTimer);
    fetch.abort.abort();
  }

  async #inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#working >= this.options.limit) await this.#turn(signal);
    this.#working++;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.#working--;
      this.#waiting.shift()?.();
    }
  }

  /** Waits for a turn. Leaves the queue and throws when the signal is aborted. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal.reason);
      };
      const turn = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.push(turn);
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}
