import { setTimeout as sleep } from 'node:timers/promises';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Cell, JobState, TableReference } from './api-answers.js';
import type { BigQueryApi } from './bigquery-api.js';
import { bigQueryError } from './bigquery-problem.js';
import { failureOf } from './job-failure.js';

/** BigQuery ends pages at 10 MB; this many rows only bound what small rows take. */
const PAGE_ROWS = 50_000;

const FIRST_POLL_MS = 100;
const MAX_POLL_MS = 5000;

/** Time that a job gets beyond its own timeout, which BigQuery enforces, before it is given up. */
export const TIMEOUT_GRACE_MS = 60_000;

export interface Waiting {
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits until a job is done. Its statistics are in what is returned, also when it failed.
 *
 * @param accepted the job as it was when it was started: one that was refused, or is done and billed, is not asked for
 * @throws OnescanError CANCELLED, or DEADLINE_EXCEEDED when it is not done in time, whatever BigQuery does; the job
 *   is then the caller's to cancel
 */
export async function waitForJob(
  api: BigQueryApi,
  jobId: string,
  waiting: Waiting,
  accepted?: JobState,
): Promise<JobState> {
  if (accepted && hasEnded(accepted)) return accepted;
  const abort = new AbortController();
  const { signal } = abort;
  const cancelled = (): void => abort.abort(waiting.signal?.reason);
  if (waiting.signal?.aborted) cancelled();
  waiting.signal?.addEventListener('abort', cancelled, { once: true });
  const timer = setTimeout(() => abort.abort(), waiting.timeoutMs + waiting.graceMs);
  let state = 'not known';
  try {
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(MAX_POLL_MS, pause * 2)) {
      const job = await api.getJob(jobId, signal);
      if (job.status.state === 'DONE') return job;
      state = job.status.state;
      await sleep(pause, undefined, { signal });
    }
  } catch (thrown) {
    if (signal.aborted && !waiting.signal?.aborted) throw tooLong(jobId, state, waiting);
    throw bigQueryError(`job ${jobId}`, thrown);
  } finally {
    clearTimeout(timer);
    waiting.signal?.removeEventListener('abort', cancelled);
  }
}

function hasEnded({ status, statistics }: JobState): boolean {
  if (status.state !== 'DONE') return false;
  return status.errorResult !== undefined || statistics?.query?.totalBytesBilled !== undefined;
}

function tooLong(jobId: string, state: string, { timeoutMs }: Waiting): OnescanError {
  return new OnescanError(
    'DEADLINE_EXCEEDED',
    `BigQuery: job ${jobId} was still ${state} after its ${timeoutMs} ms and is cancelled`,
    { remedy: 'Raise --job-timeout-ms, or look the job up in the BigQuery console' },
  );
}

/** What a job was billed; of one that is not done, so far. */
export function billedBytes(job: JobState): bigint {
  return BigInt(job.statistics?.query?.totalBytesBilled ?? 0);
}

/** The table of a job's result. Throws what the job failed with. */
export function resultTable(jobId: string, job: JobState): TableReference {
  const failure = failureOf(`job ${jobId}`, job);
  if (failure) throw failure;
  const table = job.configuration?.query?.destinationTable;
  if (table) return table;
  throw new OnescanError('INTERNAL', `BigQuery: job ${jobId} names no table of its result`);
}

/** What to throw when a job has run and its result is no longer there. */
export function resultGone(jobId: string, cause: unknown): OnescanError {
  return new OnescanError('FAILED_PRECONDITION', `BigQuery: the result of job ${jobId} is gone`, {
    remedy:
      'BigQuery keeps results for 24 hours. Resume the run: what fetching again costs is to be approved',
    details: { jobId },
    cause,
  });
}

export interface ResultPage {
  readonly rows: readonly { readonly f: readonly Cell[] }[];
  /** Position of every column. */
  readonly columns: ReadonlyMap<string, number>;
}

/**
 * The rows of a job's result by the REST API, page by page.
 *
 * @param table of the result
 * @throws OnescanError DATA_LOSS when the pages hold another number of rows than the result
 */
export async function* readPages(
  api: BigQueryApi,
  jobId: string,
  table: TableReference,
  signal?: AbortSignal,
): AsyncGenerator<ResultPage, void, undefined> {
  const columns = new Map<string, number>();
  let total: string | undefined;
  let received = 0;
  let pageToken: string | undefined;
  do {
    signal?.throwIfAborted();
    const request = { maxResults: PAGE_ROWS, ...(pageToken === undefined ? {} : { pageToken }) };
    const page = await api.readPage(jobId, request, signal);
    const { rows = [], schema, totalRows } = page;
    for (const [i, { name }] of (schema?.fields ?? []).entries()) columns.set(name, i);
    total ??= totalRows;
    received += rows.length;
    pageToken = page.pageToken || undefined;
    if (rows.length > 0) yield { rows, columns };
  } while (pageToken !== undefined);
  const expected = total === undefined ? await api.countRows(table, signal) : Number(total);
  if (received === expected) return;
  throw new OnescanError('DATA_LOSS', `BigQuery: ${received} of ${expected} rows arrived`, {
    remedy: 'Run again: the job is found again, not paid twice',
  });
}
