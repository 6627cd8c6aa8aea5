import { setTimeout as sleep } from 'node:timers/promises';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { retrying } from '@onescan/process/retrying.js';
import type { BigQueryApi } from './bigquery-api.js';

/** Waits for a job to appear whose request was given up before it was answered. */
const LATE_ARRIVAL_WAITS_MS = [500, 1000, 2000, 4000, 8000];

/** Jobs that are being cancelled; nobody waits for that. */
export class JobCancellations {
  readonly #pending = new Map<string, Promise<void>>();
  readonly #started = new Set<string>();

  constructor(private readonly api: Pick<BigQueryApi, 'cancel'>) {}

  /**
   * Cancels a job in the background. One that cannot be cancelled goes on to its own timeout, and is billed at most
   * its bound.
   *
   * @param mayArriveLate the request for the job may still be under way: not finding it is no end
   */
  start(jobId: string, { mayArriveLate = false }: { mayArriveLate?: boolean } = {}): void {
    if (this.#pending.has(jobId)) return;
    this.#started.add(jobId);
    const work = this.#cancel(jobId, mayArriveLate ? LATE_ARRIVAL_WAITS_MS : [])
      .catch(() => undefined)
      .finally(() => this.#pending.delete(jobId));
    this.#pending.set(jobId, work);
  }

  /** True until BigQuery has taken the request, or it was given up. */
  isPending(jobId: string): boolean {
    return this.#pending.has(jobId);
  }

  /** True once a cancellation was started: the job may go on for a while, and has no result to wait for. */
  includes(jobId: string): boolean {
    return this.#started.has(jobId);
  }

  /** Waits until all are cancelled, or the time is over. */
  async settled(withinMs: number): Promise<void> {
    await Promise.race([Promise.all(this.#pending.values()), sleep(withinMs, undefined, { ref: false })]);
  }

  #cancel(jobId: string, waitsMs: readonly number[]): Promise<void> {
    const isPassing = (thrown: unknown): boolean => OnescanError.from(thrown).code === 'NOT_FOUND';
    return retrying(() => this.api.cancel(jobId), { waitsMs, isPassing, ref: false });
  }
}
