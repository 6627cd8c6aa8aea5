import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnswerVariation } from './answer-variation.js';
import { ApiError } from './api-error.js';
import type { Faults } from './faults.js';
import { type JobRequest, type QueryJob, RESULTS_DATASET, restFields } from './query-job.js';
import type { Paging, QueryJobs, ResultPage } from './query-jobs.js';

/** The body of jobs.query, as far as the fake knows it. */
interface QueryRequest {
  query: string;
  useLegacySql?: boolean;
  location?: string;
  labels?: Record<string, string>;
  maximumBytesBilled?: string;
  jobTimeoutMs?: string;
  maxResults?: number;
  timeoutMs?: number;
  requestId?: string;
  formatOptions?: { useInt64Timestamp?: boolean };
}

const DEFAULT_WAIT_MS = 10_000;
const POLL_MS = 5;

/** jobs.query and jobs.getQueryResults: what `query()` and `getQueryResults()` of Google's client ask for. */
export class QueryEndpoints {
  readonly #byRequestId = new Map<string, Promise<QueryJob>>();

  constructor(
    private readonly jobs: QueryJobs,
    private readonly faults: Faults,
    private readonly facts: {
      project: string;
      maxPageBytes: number;
      maxRows: number;
      variation: AnswerVariation | undefined;
    },
  ) {}

  /** Starts a job, or finds that of the same requestId, waits a while and sends the first page. */
  async query(request: QueryRequest): Promise<object> {
    const { requestId = randomUUID(), maxResults, timeoutMs, formatOptions } = request;
    let starting = this.#byRequestId.get(requestId);
    if (!starting) {
      starting = this.jobs.insert(jobRequest(request), this.faults.take('insert'));
      this.#byRequestId.set(requestId, starting);
    }
    return this.#answer('bigquery#queryResponse', await starting, timeoutMs, {
      start: 0,
      maxRows: maxResults ?? this.facts.maxRows,
      int64Timestamps: formatOptions?.useInt64Timestamp ?? false,
    });
  }

  /** Waits a while for a job and sends a page of its result. Throws what the job failed with. */
  results(jobId: string, query: URLSearchParams): Promise<object> {
    const timeoutMs = query.has('timeoutMs') ? Number(query.get('timeoutMs')) : undefined;
    const kind = 'bigquery#getQueryResultsResponse';
    return this.#answer(kind, this.jobs.get(jobId), timeoutMs, pagingOf(query, this.facts.maxRows));
  }

  async #answer(kind: string, job: QueryJob, timeoutMs = DEFAULT_WAIT_MS, paging: Paging): Promise<object> {
    for (const end = performance.now() + timeoutMs; job.state !== 'DONE' && performance.now() < end; ) {
      await sleep(POLL_MS);
      this.jobs.poll(job.id);
    }
    const { project, variation, maxPageBytes } = this.facts;
    const page = `${job.id} ${paging.start}`;
    const jobReference = { projectId: project, jobId: job.id, location: job.location };
    if (job.state !== 'DONE' || this.#isStale(page)) return { kind, jobReference, jobComplete: false };
    if (job.error) throw new ApiError(400, job.error.reason, job.error.message);
    const table = this.jobs.ofTable(RESULTS_DATASET, job.table);
    const next = variation?.isEmpty(`page ${page}`) ? { next: paging.start } : undefined;
    const read = next
      ? { rows: [], totalRows: job.totalRows, ...next }
      : await this.jobs.page(table, paging, variation?.pageBytes(maxPageBytes) ?? maxPageBytes);
    return {
      kind,
      jobReference,
      jobComplete: true,
      schema: { fields: restFields(job.analysis.fields) },
      totalBytesProcessed: String(job.analysis.processed),
      cacheHit: false,
      ...pageBody(read),
    };
  }

  /** Injected faults take up the attempts of a request on their own. */
  #isStale(page: string): boolean {
    return this.faults.pending === 0 && (this.facts.variation?.isUnfinished(`result ${page}`) ?? false);
  }
}

/** The parameters of a request for a page. */
export function pagingOf(query: URLSearchParams, maxRows: number): Paging {
  return {
    start: Number(query.get('pageToken') ?? query.get('startIndex') ?? 0),
    maxRows: Number(query.get('maxResults') ?? maxRows),
    int64Timestamps: query.get('formatOptions.useInt64Timestamp') === 'true',
  };
}

export function pageBody({ rows, totalRows, next }: ResultPage): object {
  // Where there are no rows there is no list of them.
  const list = rows.length === 0 ? {} : { rows };
  return {
    totalRows: String(totalRows),
    ...list,
    ...(next === undefined ? {} : { pageToken: String(next) }),
  };
}

function jobRequest(request: QueryRequest): JobRequest {
  const { query, location, labels, maximumBytesBilled, jobTimeoutMs } = request;
  const useLegacySql = request.useLegacySql ?? true;
  return {
    jobReference: { jobId: `job_${randomUUID()}`, ...(location === undefined ? {} : { location }) },
    configuration: {
      query: { query, useLegacySql, ...(maximumBytesBilled === undefined ? {} : { maximumBytesBilled }) },
      ...(labels === undefined ? {} : { labels }),
      ...(jobTimeoutMs === undefined ? {} : { jobTimeoutMs }),
    },
  };
}
