import { BigQuery } from '@google-cloud/bigquery';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { retrying } from '@onescan/process/retrying.js';
import { type AuthClient, PassThroughClient } from 'google-auth-library';
import type { z } from 'zod';
import {
  anyAnswer,
  dryRunAnswer,
  type JobState,
  jobAnswer,
  type ResultsPage,
  readAnswer,
  readRefusal,
  resultsAnswer,
  type TableReference,
  type TableResource,
  tableAnswer,
  tableListAnswer,
} from './api-answers.js';
import { bigQueryError, isTransient, NoUsableAnswer } from './bigquery-problem.js';
import { failureOf } from './job-failure.js';
import { problemOf } from './problem-of.js';
import { DEFAULT_REQUEST_DEADLINES, type RequestDeadlines, withDeadline } from './request-deadline.js';
import { type RetryPolicy, waitsOf } from './retry-policy.js';

export interface QueryRequest {
  readonly sql: string;
  readonly jobId: string;
  readonly maximumBytesBilled: bigint;
  readonly labels: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface DryRun {
  /** That would be processed. */
  readonly bytes: bigint;
  /** Those that are read, below views too; empty when that is not told. */
  readonly tables: readonly TableReference[];
  /** Of the bytes: PRECISE, UPPER_BOUND, LOWER_BOUND, UNKNOWN; empty when that is not told. */
  readonly accuracy: string;
}

const DUPLICATE = 409;
const NOT_FOUND = 404;

/** Tables of a page of a list. */
const LISTED_TABLES = 1000;

/** Of a question that may as well be asked later. */
const ONCE = { attempts: 1, firstDelayMs: 0, maxDelayMs: 0 };
const ONCE_DEADLINE_MS = 10_000;

export interface ApiOptions {
  /** No credentials are sent; default: where there is an emulator. */
  anonymous?: boolean;
  /** Default: the application default credentials. */
  authClient?: AuthClient | undefined;
  deadlines?: RequestDeadlines | undefined;
}

/** A request of the REST API. */
interface Request<T> {
  readonly method?: 'GET' | 'POST';
  readonly projectId?: string;
  readonly uri: string;
  readonly qs?: object;
  readonly json?: object;
  /** Of the body that is expected. */
  readonly answer: z.ZodType<T>;
  /** Throws NoUsableAnswer for an answer that is to be asked for again. */
  check?(answer: T): void;
}

interface Calling {
  readonly signal?: AbortSignal | undefined;
  /** Default: that of a request without a statement. */
  readonly deadlineMs?: number;
  /** Default: the given one. */
  readonly policy?: RetryPolicy;
}

/**
 * BigQuery's REST API through Google's client library. Every call ends: it is answered within its deadline or asked
 * again where it may happen twice, and given up at once when its signal is aborted. An emulator gets no credentials.
 */
export class BigQueryApi {
  readonly #client: BigQuery;
  readonly #deadlines: RequestDeadlines;

  constructor(
    readonly project: string,
    readonly location: string,
    private readonly policy: RetryPolicy,
    options: ApiOptions = {},
  ) {
    const { anonymous = Boolean(process.env.BIGQUERY_EMULATOR_HOST), authClient, deadlines } = options;
    this.#deadlines = deadlines ?? DEFAULT_REQUEST_DEADLINES;
    const given = anonymous ? new PassThroughClient() : authClient;
    this.#client = new BigQuery({
      projectId: project,
      location,
      // Retries are this class's own: it knows which calls are safe.
      retryOptions: { autoRetry: false },
      ...(given ? { authClient: given } : {}),
    });
  }

  /** What a statement would read. Free; does not count the minimum of every table. */
  async dryRun(sql: string, signal?: AbortSignal): Promise<DryRun> {
    // A cached result would be estimated as free, and gone when the statement runs.
    const configuration = { dryRun: true, query: { query: sql, useLegacySql: false, useQueryCache: false } };
    const json = { configuration, jobReference: { projectId: this.project, location: this.location } };
    const request = { method: 'POST', uri: '/jobs', json, answer: dryRunAnswer } as const;
    const deadlineMs = this.#deadlines.statementMs;
    const job = await this.#call('dry run', request, { signal, deadlineMs });
    const failure = failureOf('dry run', job);
    if (failure) throw failure;
    const { totalBytesProcessed, referencedTables, totalBytesProcessedAccuracy } = job.statistics.query ?? {};
    const bytes = job.statistics.totalBytesProcessed ?? totalBytesProcessed;
    if (bytes === undefined) {
      throw new OnescanError('INTERNAL', 'BigQuery: dry run: the answer does not say what would be read', {
        remedy: 'Look the statement up in the BigQuery console',
      });
    }
    return {
      bytes: BigInt(bytes),
      tables: referencedTables ?? [],
      accuracy: totalBytesProcessedAccuracy ?? '',
    };
  }

  /**
   * Starts a job, or attaches to the one of that id when it was accepted before: it never pays twice. What is returned
   * may be a job that has ended already.
   *
   * @throws OnescanError ALREADY_EXISTS when the job of that id runs another statement
   */
  async startQuery(request: QueryRequest, signal?: AbortSignal): Promise<JobState> {
    const doing = `job ${request.jobId}`;
    try {
      return await this.#retried(this.#insertion(request), {
        signal,
        deadlineMs: this.#deadlines.statementMs,
      });
    } catch (thrown) {
      if (problemOf(thrown).status !== DUPLICATE) throw bigQueryError(doing, thrown);
      const job = await this.getJob(request.jobId, signal);
      if (job.configuration?.query?.query === request.sql) return job;
      throw new OnescanError('ALREADY_EXISTS', `BigQuery: ${doing} exists and runs another statement`, {
        remedy: 'Run again: the next attempt has an id of its own',
      });
    }
  }

  getJob(jobId: string, signal?: AbortSignal): Promise<JobState> {
    return this.#call(`job ${jobId}`, this.#job(jobId), { signal });
  }

  /** The same without asking again, for what may as well be asked later. */
  askJob(jobId: string): Promise<JobState> {
    const deadlineMs = Math.min(ONCE_DEADLINE_MS, this.#deadlines.requestMs);
    return this.#call(`job ${jobId}`, this.#job(jobId), { policy: ONCE, deadlineMs });
  }

  /** Asks for the end of a job, which may take BigQuery a while. */
  async cancel(jobId: string): Promise<void> {
    const uri = `/jobs/${jobId}/cancel`;
    const request = { method: 'POST', uri, qs: { location: this.location }, answer: anyAnswer } as const;
    await this.#call(`cancelling job ${jobId}`, request);
  }

  /** Number of rows of the table of a result. */
  async countRows(table: TableReference, signal?: AbortSignal): Promise<number> {
    const { numRows } = await this.#call('result', tableRequest(table), { signal });
    if (numRows !== undefined) return Number(numRows);
    throw new OnescanError('DATA_LOSS', 'BigQuery does not say how many rows the result has', {
      remedy: 'Run again: the job is found again, not paid twice',
    });
  }

  getTable(table: TableReference): Promise<TableResource> {
    return this.#call(`table ${table.datasetId}.${table.tableId}`, tableRequest(table));
  }

  /** All tables and views of a dataset. */
  async listTables(dataset: string): Promise<TableReference[]> {
    const all: TableReference[] = [];
    let pageToken: string | undefined;
    do {
      const qs = { maxResults: LISTED_TABLES, ...(pageToken === undefined ? {} : { pageToken }) };
      const request = { uri: `/datasets/${dataset}/tables`, qs, answer: tableListAnswer };
      const { tables = [], nextPageToken } = await this.#call(`tables of dataset ${dataset}`, request);
      for (const { tableReference } of tables) all.push(tableReference);
      pageToken = nextPageToken || undefined;
    } while (pageToken !== undefined);
    return all;
  }

  /** A page of the result of a job that is done; BigQuery ends a page at 10 MB whatever is asked for. */
  readPage(
    jobId: string,
    page: { maxResults: number; pageToken?: string },
    signal?: AbortSignal,
  ): Promise<ResultsPage> {
    const qs = { location: this.location, ...page };
    const request = { uri: `/queries/${jobId}`, qs, answer: resultsAnswer, check: requireComplete };
    return this.#call('reading rows', request, { signal });
  }

  /** False when there is none or it has expired. */
  async exists(what: () => Promise<unknown>): Promise<boolean> {
    try {
      await what();
      return true;
    } catch (thrown) {
      if (thrown instanceof OnescanError && thrown.code === 'NOT_FOUND') return false;
      throw thrown;
    }
  }

  #job(jobId: string): Request<JobState> {
    return { uri: `/jobs/${jobId}`, qs: { location: this.location }, answer: jobAnswer };
  }

  #insertion({ sql, jobId, maximumBytesBilled, labels, timeoutMs }: QueryRequest): Request<JobState> {
    const query = { query: sql, useLegacySql: false, maximumBytesBilled: String(maximumBytesBilled) };
    const configuration = { query, labels, jobTimeoutMs: String(timeoutMs) };
    const json = { configuration, jobReference: { projectId: this.project, jobId, location: this.location } };
    return { method: 'POST', uri: '/jobs', json, answer: jobAnswer };
  }

  async #call<T>(doing: string, request: Request<T>, calling: Calling = {}): Promise<T> {
    try {
      return await this.#retried(request, calling);
    } catch (thrown) {
      if (problemOf(thrown).status === NOT_FOUND) {
        throw new OnescanError('NOT_FOUND', `BigQuery: ${doing}: ${problemOf(thrown).message}`, {
          remedy: 'Check the project, --location, --features-dataset and --targets-dataset',
          cause: thrown,
        });
      }
      throw bigQueryError(doing, thrown);
    }
  }

  #retried<T>(request: Request<T>, { signal, deadlineMs, policy }: Calling): Promise<T> {
    const deadline = { signal, deadlineMs: deadlineMs ?? this.#deadlines.requestMs };
    const call = (): Promise<T> => withDeadline(() => this.#send(request), deadline);
    return retrying(call, { waitsMs: waitsOf(policy ?? this.policy), isPassing: isTransient, signal });
  }

  #send<T>({ answer, check, ...request }: Request<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#client.request(request, (error: Error | null, body: unknown) => {
        if (error) return reject(readRefusal(error));
        try {
          const read = readAnswer(answer, body);
          check?.(read);
          resolve(read);
        } catch (thrown) {
          reject(thrown);
        }
      });
    });
  }
}

function tableRequest({ projectId, datasetId, tableId }: TableReference): Request<TableResource> {
  return { projectId, uri: `/datasets/${datasetId}/tables/${tableId}`, answer: tableAnswer };
}

/** A job that is done may be told as unfinished by another of BigQuery's servers. */
function requireComplete({ jobComplete }: ResultsPage): void {
  if (!jobComplete) throw new NoUsableAnswer('the result is not ready although the job is done');
}
