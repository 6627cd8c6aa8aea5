import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { AuthClient } from 'google-auth-library';
import type {
  Catalogue,
  DayCount,
  DoubledKey,
  KeyRange,
  KeySpan,
  TableName,
} from '../../catalogue/catalogue.js';
import type { WarehouseNames } from '../../catalogue/warehouse-names.js';
import type { SqlDialect } from '../../sql/sql-dialect.js';
import type { MetadataQuery } from '../metadata-query.js';
import type {
  JobBill,
  OtherTables,
  RunningStatement,
  RunOptions,
  Statement,
  StatementBatch,
  StatementEstimate,
  ViewScope,
  Warehouse,
  WarehouseView,
} from '../warehouse.js';
import type { JobState } from './api-answers.js';
import { BigQueryApi } from './bigquery-api.js';
import { bigQueryError } from './bigquery-problem.js';
import { BigQueryView } from './bigquery-view.js';
import { estimateStatement } from './estimate-statement.js';
import { JobCancellations } from './job-cancellations.js';
import { jobLabels } from './job-labels.js';
import { MetadataMemory } from './metadata-memory.js';
import { MetadataQueries } from './metadata-queries.js';
import { BIGQUERY_LIMITS } from './published-terms.js';
import {
  billedBytes,
  readPages,
  resultGone,
  resultTable,
  TIMEOUT_GRACE_MS,
  type Waiting,
  waitForJob,
} from './read-result.js';
import type { Query } from './read-tables.js';
import type { RequestDeadlines } from './request-deadline.js';
import { requireWithinLimits } from './require-within-limits.js';
import { RestBatch } from './rest-batch.js';
import { openStorageReader, type ResultTransport } from './result-transport.js';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './retry-policy.js';
import { bigQueryDialect } from './sql/bigquery-dialect.js';
import type { StorageReader } from './storage/storage-reader.js';

/** For how long closing waits until jobs are cancelled. */
const CLOSE_GRACE_MS = 5000;

/** Earlier jobs of a dataset that are looked at for a result to read again. */
const MAX_EARLIER_JOBS = 3;

export interface BigQueryWarehouseOptions {
  readonly project: string;
  /** Where both datasets are, e.g. "us-central1". */
  readonly location: string;
  readonly names: WarehouseNames;
  /** A statement that takes longer is cancelled by BigQuery. */
  readonly jobTimeoutMs: number;
  readonly timeoutGraceMs?: number;
  readonly retry?: RetryPolicy;
  readonly deadlines?: RequestDeadlines;
  readonly results: ResultTransport;
  /** Time without a message after which a stream of the Storage Read API is opened again. */
  readonly silenceMs?: number;
  /** Default: the application default credentials. */
  readonly authClient?: AuthClient;
  /** Told of every metadata query, once when it starts and once when it has ended. */
  readonly onMetadata?: (query: MetadataQuery) => void;
}

/**
 * Datasets of Google BigQuery. Planning reads metadata only, see docs/bigquery.md. As a view it holds on to the catalogue
 * that it found when it was first asked.
 */
export class BigQueryWarehouse implements Warehouse {
  readonly kind = 'bigquery';
  readonly countsWholeDays = true;
  readonly name: string;
  readonly dialect: SqlDialect;
  readonly limits = BIGQUERY_LIMITS;
  readonly #api: BigQueryApi;
  readonly #cancellations: JobCancellations;
  /** Absent when results are read by REST. */
  readonly #storage: StorageReader | undefined;
  readonly #memory: MetadataMemory;
  readonly #own: WarehouseView;
  readonly #metadata: MetadataQueries;

  constructor(private readonly options: BigQueryWarehouseOptions) {
    this.name = `bigquery:${options.project}`;
    this.dialect = bigQueryDialect(options.project);
    const policy = options.retry ?? DEFAULT_RETRY_POLICY;
    const { authClient, deadlines } = options;
    this.#api = new BigQueryApi(options.project, options.location, policy, { authClient, deadlines });
    this.#cancellations = new JobCancellations(this.#api);
    this.#storage = openStorageReader(options.results, options.project, policy, options);
    this.#metadata = new MetadataQueries({
      api: this.#api,
      storage: this.#storage,
      done: (jobId, waiting, accepted) => this.#done(jobId, waiting, accepted),
      onQuery: options.onMetadata,
    });
    const { featureSchema, targetSchema, keyColumn } = options.names;
    const datasets = [...new Set([featureSchema, targetSchema])];
    this.#memory = new MetadataMemory({ api: this.#api, project: options.project, keyColumn }, datasets);
    this.#own = this.view({});
  }

  view(scope: ViewScope): WarehouseView {
    const query: Query = (sql) => this.#metadata.rows(sql, scope.fetch);
    const { planId } = scope;
    return new BigQueryView({
      dialect: this.dialect,
      name: this.name,
      keyColumn: this.options.names.keyColumn,
      query,
      snapshot: () => (planId === undefined ? this.#memory.now(query) : this.#memory.ofPlan(planId, query)),
      dryRun: (statement, snapshot) => estimateStatement(this.#api, statement, snapshot),
    });
  }

  readCatalogue(): Promise<Catalogue> {
    return this.#own.readCatalogue();
  }

  keySpans(tables: readonly TableName[], others?: OtherTables): Promise<ReadonlyMap<string, KeySpan>> {
    return this.#own.keySpans!(tables, others);
  }

  countDays(table: TableName, range: KeyRange, others?: OtherTables): Promise<DayCount[]> {
    return this.#own.countDays(table, range, others);
  }

  findDoubledKeys(): Promise<DoubledKey[]> {
    return this.#own.findDoubledKeys([]);
  }

  dryRun(statement: Statement): Promise<StatementEstimate> {
    return this.#own.dryRun(statement);
  }

  /** The latest of some jobs that runs this statement, or has run it and still has its result. */
  async findJob(
    statement: Statement,
    jobIds: readonly string[],
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    for (const jobId of jobIds.slice(-MAX_EARLIER_JOBS).reverse()) {
      if (await this.#api.exists(() => this.#requireUsable(jobId, statement, signal))) return jobId;
    }
    return undefined;
  }

  hasResult(jobId: string): Promise<boolean> {
    return this.#api.exists(async () => {
      await this.#requireResult(jobId);
    });
  }

  async billedBy(jobId: string): Promise<JobBill | undefined> {
    // Until then it may still be accepted.
    if (this.#cancellations.isPending(jobId)) return undefined;
    let job: JobState | undefined;
    const exists = await this.#api.exists(async () => {
      job = await this.#api.askJob(jobId);
    });
    if (!exists) return { bytes: 0n, exists };
    return job!.status.state === 'DONE' ? { bytes: billedBytes(job!), exists } : undefined;
  }

  async run(statement: Statement, options: RunOptions): Promise<RunningStatement> {
    requireWithinLimits(statement);
    const { jobId, maximumBytesBilled, cause, signal } = options;
    const labels = cause ? jobLabels(cause) : {};
    const timeoutMs = this.options.jobTimeoutMs;
    signal?.throwIfAborted();
    const request = { sql: statement.sql, jobId, maximumBytesBilled, labels, timeoutMs };
    let accepted: JobState;
    try {
      accepted = await this.#api.startQuery(request, signal);
    } catch (thrown) {
      // A request that is not answered may have been accepted all the same, or still be.
      if (signal?.aborted) this.#cancellations.start(jobId, { mayArriveLate: true });
      throw thrown;
    }
    const billing: Billing = { bytes: undefined };
    return { batches: this.#batches(accepted, jobId, billing, signal), bytesBilled: () => billing.bytes };
  }

  async close(): Promise<void> {
    this.#memory.forget();
    await this.#cancellations.settled(CLOSE_GRACE_MS);
    this.#storage?.close();
  }

  async *#batches(
    accepted: JobState,
    jobId: string,
    billing: Billing,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StatementBatch, void, undefined> {
    try {
      const graceMs = this.options.timeoutGraceMs ?? TIMEOUT_GRACE_MS;
      const waiting = { timeoutMs: this.options.jobTimeoutMs, graceMs, signal };
      const job = await this.#done(jobId, waiting, accepted);
      billing.bytes = billedBytes(job);
      const table = resultTable(jobId, job);
      if (this.#storage) {
        yield* this.#storage.read(table, await this.#api.countRows(table, signal), signal);
        return;
      }
      for await (const { rows, columns } of readPages(this.#api, jobId, table, signal)) {
        yield new RestBatch(rows, columns);
      }
    } catch (thrown) {
      const error = bigQueryError(`job ${jobId}`, thrown);
      throw billing.bytes !== undefined && error.code === 'NOT_FOUND' ? resultGone(jobId, error) : error;
    }
  }

  /** Waits for a job, which is cancelled when it is not done in time or no longer wanted. */
  async #done(jobId: string, waiting: Waiting, accepted: JobState): Promise<JobState> {
    try {
      return await waitForJob(this.#api, jobId, waiting, accepted);
    } catch (thrown) {
      const { code } = OnescanError.from(thrown);
      if (waiting.signal?.aborted || code === 'DEADLINE_EXCEEDED') this.#cancellations.start(jobId);
      throw thrown;
    }
  }

  /** Throws NOT_FOUND when a job does not exist, failed, ran another statement or lost its result. */
  async #requireUsable(jobId: string, statement: Statement, signal?: AbortSignal): Promise<void> {
    const job = await this.#requireResult(jobId, signal);
    if (job.configuration?.query?.query === statement.sql) return;
    throw new OnescanError('NOT_FOUND', `job ${jobId} has no result of this statement`);
  }

  /** Throws NOT_FOUND when a job failed or its result is gone. */
  async #requireResult(jobId: string, signal?: AbortSignal): Promise<JobState> {
    const job = await this.#api.getJob(jobId, signal);
    const destinationTable = job.configuration?.query?.destinationTable;
    const ends = this.#cancellations.includes(jobId) && job.status.state !== 'DONE';
    if (ends || job.status.errorResult || !destinationTable) {
      throw new OnescanError('NOT_FOUND', `job ${jobId} has no result`);
    }
    if (job.status.state === 'DONE') await this.#api.countRows(destinationTable, signal);
    return job;
  }
}

interface Billing {
  bytes: bigint | undefined;
}
