import { BigQuery } from '@google-cloud/bigquery';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { type AuthClient, PassThroughClient } from 'google-auth-library';
import { bigQueryError, isTransient, problemOf } from './bigquery-problem.js';
import { type RetryPolicy, retrying } from './retrying.js';

export interface QueryRequest {
  readonly sql: string;
  readonly jobId: string;
  readonly maximumBytesBilled: bigint;
  readonly labels: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface TableReference {
  readonly projectId: string;
  readonly datasetId: string;
  readonly tableId: string;
}

export interface TableDescription {
  readonly columns: readonly string[];
  readonly rows: number;
}

/** The parts of a job's resource that are used; BigQuery sends 64-bit numbers as texts. */
export interface JobState {
  readonly status: { state: string; errorResult?: { reason?: string; message?: string } };
  readonly configuration: { query: { query: string; destinationTable?: TableReference } };
  readonly statistics?: { query?: { totalBytesBilled?: string; totalBytesProcessed?: string } };
}

/** A cell of a row: `v` is a text, null, or cells of a list. */
export interface Cell {
  readonly v: string | null | readonly Cell[];
}

export interface RowsPage {
  readonly rows?: readonly { readonly f: readonly Cell[] }[];
  readonly pageToken?: string;
  readonly totalRows?: string;
}

const DUPLICATE = 409;
const NOT_FOUND = 404;

export interface ApiCredentials {
  /** None are sent; default: where there is an emulator. */
  anonymous?: boolean;
  /** Default: the application default credentials. */
  authClient?: AuthClient;
}

/**
 * BigQuery's REST API through Google's client library; every call is retried where it may happen twice.
 * An emulator gets no credentials.
 */
export class BigQueryApi {
  readonly #client: BigQuery;

  constructor(
    readonly project: string,
    readonly location: string,
    private readonly policy: RetryPolicy,
    { anonymous = Boolean(process.env.BIGQUERY_EMULATOR_HOST), authClient }: ApiCredentials = {},
  ) {
    const given = anonymous ? new PassThroughClient() : authClient;
    this.#client = new BigQuery({
      projectId: project,
      location,
      // Retries are this class's own: it knows which calls are safe.
      retryOptions: { autoRetry: false },
      ...(given ? { authClient: given } : {}),
    });
  }

  /** Bytes that a statement would process. Free; does not count the minimum of every table. */
  async dryRun(sql: string): Promise<bigint> {
    const job = await this.#call('dry run', async () => {
      const [, resource] = await this.#client.createQueryJob({
        query: sql,
        location: this.location,
        dryRun: true,
        // A cached result would be estimated as free, and gone when the statement runs.
        useQueryCache: false,
      });
      return resource as { statistics?: { totalBytesProcessed?: string } };
    });
    const bytes = job.statistics?.totalBytesProcessed;
    if (bytes === undefined) throw new OnescanError('INTERNAL', 'BigQuery: a dry run told no bytes');
    return BigInt(bytes);
  }

  /**
   * Starts a job, or attaches to the one of that id when it was accepted before: it never pays twice.
   *
   * @throws OnescanError ALREADY_EXISTS when the job of that id runs another statement
   */
  async startQuery(request: QueryRequest, signal?: AbortSignal): Promise<void> {
    const doing = `job ${request.jobId}`;
    try {
      await this.#retrying(() => this.#insert(request), signal);
    } catch (thrown) {
      if (problemOf(thrown).status !== DUPLICATE) throw bigQueryError(doing, thrown);
      const { configuration } = await this.getJob(request.jobId, signal);
      if (configuration.query.query !== request.sql) {
        throw new OnescanError('ALREADY_EXISTS', `BigQuery: ${doing} exists and runs another statement`, {
          remedy: 'Run again: the next attempt has an id of its own',
        });
      }
    }
  }

  getJob(jobId: string, signal?: AbortSignal): Promise<JobState> {
    const call = async (): Promise<JobState> => {
      const [metadata] = await this.#client.job(jobId, { location: this.location }).getMetadata();
      return metadata as JobState;
    };
    return this.#call(`job ${jobId}`, call, signal);
  }

  async cancel(jobId: string): Promise<void> {
    await this.#call(`cancelling job ${jobId}`, () =>
      this.#client.job(jobId, { location: this.location }).cancel(),
    );
  }

  /** Columns of a table in order, and its number of rows. */
  async describe(table: TableReference, signal?: AbortSignal): Promise<TableDescription> {
    const path = `/datasets/${table.datasetId}/tables/${table.tableId}`;
    const { schema, numRows } = (await this.#call(
      'result',
      () => this.#get(table.projectId, path),
      signal,
    )) as { schema: { fields: { name: string }[] }; numRows: string };
    return { columns: schema.fields.map(({ name }) => name), rows: Number(numRows) };
  }

  /** A page of a table's rows; BigQuery ends a page at 10 MB whatever is asked for. */
  readPage(
    table: TableReference,
    page: { maxResults: number; pageToken?: string },
    signal?: AbortSignal,
  ): Promise<RowsPage> {
    const path = `/datasets/${table.datasetId}/tables/${table.tableId}/data`;
    return this.#call('reading rows', () => this.#get(table.projectId, path, page), signal);
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

  async #insert(request: QueryRequest): Promise<void> {
    await this.#client.createQueryJob({
      query: request.sql,
      jobId: request.jobId,
      location: this.location,
      maximumBytesBilled: String(request.maximumBytesBilled),
      labels: { ...request.labels },
      jobTimeoutMs: request.timeoutMs,
    });
  }

  #get(projectId: string, uri: string, qs: object = {}): Promise<RowsPage> {
    return new Promise((resolve, reject) => {
      this.#client.request({ projectId, uri, qs }, (error: Error | null, body: RowsPage) =>
        error ? reject(error) : resolve(body),
      );
    });
  }

  async #call<T>(doing: string, call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await this.#retrying(call, signal);
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

  #retrying<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return retrying(call, { policy: this.policy, isTransient, signal });
  }
}
