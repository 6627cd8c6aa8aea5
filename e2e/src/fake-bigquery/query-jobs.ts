import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { type Analysis, analyzeStatement, type QueryLimits } from './analyze-statement.js';
import { ApiError, invalidQuery } from './api-error.js';
import { checkLabels } from './check-labels.js';
import type { FaultKind } from './faults.js';
import { type JobRequest, type QueryJob, RESULTS_DATASET } from './query-job.js';
import { type JsonRow, jsonRow } from './result-json.js';
import { TableBytes } from './table-bytes.js';
import { quote } from './translate-sql.js';
import type { WarehouseDatabase } from './warehouse-database.js';

/** What a job with the fault `overbilled` bills beyond what it reads. */
export const OVERBILLED_BYTES = 1024n ** 3n;

export interface QueryJobsFacts {
  project: string;
  location: string;
  keyColumn: string;
  limits: Partial<QueryLimits>;
  requirePartitionFilter: boolean;
  /** Rows that follow each other in a stream; 2,048 at most come as one record batch. */
  streamBlockRows: number;
}

export interface StreamPart {
  stream: number;
  streams: number;
  /** Rows to leave out. */
  offset: number;
}

export interface Paging {
  /** Row at which the page starts. */
  start: number;
  maxRows: number;
  /** Timestamps as microseconds; else as seconds in floating point. */
  int64Timestamps: boolean;
}

export interface ResultPage {
  rows: JsonRow[];
  totalRows: number;
  /** Row at which the next page starts; absent on the last page. */
  next?: number;
}

const OUT_OF_MEMORY =
  'Resources exceeded during query execution: The query could not be executed in the allotted memory. Peak usage: 123% of limit.';

/** Of a statement that is refused. */
const NOTHING: Analysis = { duckDbSql: '', fields: [], processed: 0n, billed: 0n, tables: [] };

const ROWS_A_READ = 500;
/** A cancelled job goes on while it is asked for as often as this. */
const CANCELLED_IN = 2;

/** Runs query jobs on the attached tables and keeps them with their results. */
export class QueryJobs {
  readonly #jobs = new Map<string, QueryJob>();
  readonly #bytes: TableBytes;
  readonly #running = new Map<string, { connection: DuckDBConnection; done: Promise<void> }>();

  constructor(
    private readonly database: WarehouseDatabase,
    private readonly facts: QueryJobsFacts,
  ) {
    this.#bytes = new TableBytes(database, facts.keyColumn);
  }

  /** Every job but dry runs, oldest first. */
  list(): QueryJob[] {
    return [...this.#jobs.values()];
  }

  /** What a statement reads and returns. Throws ApiError when it cannot run. */
  async analyze(request: JobRequest): Promise<Analysis> {
    const query = request.configuration?.query;
    if (!query?.query) throw invalidQuery('Required parameter is missing: query');
    if (query.useLegacySql !== false) throw invalidQuery('the fake BigQuery has no legacy SQL');
    const location = request.jobReference?.location ?? 'US';
    if (location !== this.facts.location) {
      throw new ApiError(404, 'notFound', `Not found: Dataset was not found in location ${location}`);
    }
    return analyzeStatement(this.database, query.query, { ...this.facts, bytes: this.#bytes });
  }

  /** Accepts a job and starts it. Throws 409 duplicate for an id that was used before. */
  async insert(request: JobRequest, fault: FaultKind | undefined): Promise<QueryJob> {
    const id = request.jobReference?.jobId ?? '';
    if (!/^[A-Za-z0-9_-]{1,1024}$/.test(id)) throw new ApiError(400, 'invalid', `Invalid job ID "${id}"`);
    this.#requireNew(id);
    checkLabels(request.configuration?.labels ?? {});
    const { analysis, refusal } = await this.#accept(request);
    // The same request may have come again meanwhile.
    this.#requireNew(id);
    const configuration = request.configuration!;
    const job: QueryJob = {
      id,
      location: this.facts.location,
      sql: configuration.query!.query,
      configuration,
      analysis,
      state: 'RUNNING',
      createdMs: Date.now(),
      refused: refusal !== undefined,
      bytesBilled: 0n,
      table: `anon${this.#jobs.size + 1}`,
      totalRows: 0,
      stuck: fault === 'stuck' || fault === 'stuckReset',
      overbilled: fault === 'overbilled' ? OVERBILLED_BYTES : 0n,
      expired: false,
    };
    this.#jobs.set(id, job);
    const maximum = configuration.query!.maximumBytesBilled;
    if (refusal) {
      fail(job, refusal.reason, refusal.message);
    } else if (maximum !== undefined && analysis.billed > BigInt(maximum)) {
      fail(job, 'bytesBilledLimitExceeded', limitText(maximum, analysis.billed));
    } else if (fault === 'jobBackendError') {
      fail(job, 'backendError', 'Error encountered during execution. Retrying may solve the problem.');
    } else if (fault === 'jobResourcesExceeded') {
      fail(job, 'resourcesExceeded', OUT_OF_MEMORY);
    } else {
      await this.#start(job);
    }
    return job;
  }

  #requireNew(id: string): void {
    if (!this.#jobs.has(id)) return;
    const { project, location } = this.facts;
    throw new ApiError(409, 'duplicate', `Already Exists: Job ${project}:${location}.${id}`);
  }

  /** A statement that cannot run is no error of the request for its job: the job fails at once. */
  async #accept(request: JobRequest): Promise<{ analysis: Analysis; refusal?: ApiError }> {
    try {
      return { analysis: await this.analyze(request) };
    } catch (thrown) {
      if (!(thrown instanceof ApiError) || thrown.status !== 400) throw thrown;
      return { analysis: NOTHING, refusal: thrown };
    }
  }

  get(id: string): QueryJob {
    const job = this.#jobs.get(id);
    if (job) return job;
    throw new ApiError(404, 'notFound', `Not found: Job ${this.facts.project}:${id}`);
  }

  /** Asks a job to end, which takes it a while: it stays RUNNING meanwhile, as BigQuery's do. */
  cancel(id: string): QueryJob {
    const job = this.get(id);
    if (job.state === 'RUNNING') job.cancelledIn ??= CANCELLED_IN;
    return job;
  }

  /** Somebody asks for a job: one that was cancelled ends after some time. It may be billed, here always in full. */
  poll(id: string): QueryJob {
    const job = this.get(id);
    if (job.state === 'RUNNING' && job.cancelledIn !== undefined && job.cancelledIn-- === 0) {
      fail(job, 'stopped', 'Job execution was cancelled: User requested cancellation');
      job.bytesBilled = job.analysis.billed;
      this.#running.get(id)?.connection.interrupt();
    }
    return job;
  }

  /** The job whose result is a table. Throws 404 when there is none or it has expired. */
  ofTable(dataset: string, table: string): QueryJob {
    const job = dataset === RESULTS_DATASET && this.list().find((candidate) => candidate.table === table);
    if (job && job.state === 'DONE' && !job.error && !job.expired) return job;
    throw new ApiError(404, 'notFound', `Not found: Table ${this.facts.project}:${dataset}.${table}`);
  }

  /** Results are kept for a day: afterwards the job is known and its rows are gone. */
  expireResults(): void {
    for (const job of this.#jobs.values()) job.expired = true;
  }

  /** Lets stuck jobs go on. */
  async release(): Promise<void> {
    for (const job of this.#jobs.values()) {
      if (!job.stuck || job.state !== 'RUNNING') continue;
      job.stuck = false;
      await this.#start(job);
    }
  }

  /** Rows of a result with no more JSON than `maxBytes`, but at least one. */
  async page(job: QueryJob, paging: Paging, maxBytes: number): Promise<ResultPage> {
    const { start, maxRows, int64Timestamps } = paging;
    const rows: JsonRow[] = [];
    let bytes = 0;
    let at = start;
    const end = Math.min(job.totalRows, start + maxRows);
    while (at < end) {
      const upTo = Math.min(end, at + ROWS_A_READ);
      const result = await this.database.connection.runAndReadAll(
        `SELECT * FROM ${quote(job.table)} WHERE rowid >= ${at} AND rowid < ${upTo} ORDER BY rowid`,
      );
      for (const values of result.getRows()) {
        const row = jsonRow(values, int64Timestamps);
        bytes += JSON.stringify(row).length;
        if (bytes > maxBytes && rows.length > 0) return { rows, totalRows: job.totalRows, next: at };
        rows.push(row);
        at++;
      }
    }
    return { rows, totalRows: job.totalRows, ...(at < job.totalRows ? { next: at } : {}) };
  }

  /**
   * Rows of one of several streams from an offset on, in blocks, mixed as workers deliver them, yet always in
   * the same order.
   */
  async *streamRows(job: QueryJob, { stream, streams, offset }: StreamPart): AsyncGenerator<DuckDBDataChunk> {
    let passed = 0;
    for (let start = stream * this.facts.streamBlockRows; start < job.totalRows; ) {
      const rows = Math.min(this.facts.streamBlockRows, job.totalRows - start);
      if (passed + rows > offset) {
        const result = await this.database.connection.run(
          `SELECT * FROM ${quote(job.table)} WHERE rowid >= ${start} AND rowid < ${start + rows}
           ORDER BY hash(rowid), rowid OFFSET ${Math.max(0, offset - passed)}`,
        );
        yield* result;
      }
      passed += rows;
      start += streams * this.facts.streamBlockRows;
    }
  }

  async close(): Promise<void> {
    for (const { connection } of this.#running.values()) connection.interrupt();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  async #start(job: QueryJob): Promise<void> {
    const timeout = Number(job.configuration.jobTimeoutMs ?? 0);
    const timer =
      timeout > 0
        ? setTimeout(() => {
            if (job.state !== 'RUNNING' || job.stuck) return;
            fail(job, 'stopped', `Job execution was cancelled: Job timed out after ${timeout} ms`);
            this.#running.get(job.id)?.connection.interrupt();
          }, timeout)
        : undefined;
    timer?.unref();
    if (job.stuck) return;
    const connection = await this.database.connect();
    const done = this.#execute(job, connection).finally(() => {
      clearTimeout(timer);
      this.#running.delete(job.id);
      connection.closeSync();
    });
    this.#running.set(job.id, { connection, done });
  }

  async #execute(job: QueryJob, connection: DuckDBConnection): Promise<void> {
    try {
      await connection.run(`CREATE TABLE ${quote(job.table)} AS ${job.analysis.duckDbSql}`);
      await refuseNullElements(job, connection);
      const [count] = (await connection.runAndReadAll(`SELECT count(*) FROM ${quote(job.table)}`)).getRows();
      if (job.state !== 'RUNNING') return;
      job.totalRows = Number(count![0]);
      job.bytesBilled = job.analysis.billed + job.overbilled;
      job.state = 'DONE';
    } catch (thrown) {
      if (job.state === 'RUNNING') fail(job, 'invalidQuery', (thrown as Error).message.split('\n')[0]!);
    }
  }
}

function fail(job: QueryJob, reason: string, message: string): void {
  job.error = { reason, message };
  job.state = 'DONE';
}

function limitText(maximum: string, billed: bigint): string {
  return `Query exceeded limit for bytes billed: ${maximum}. ${billed} or higher required.`;
}

/** BigQuery cannot write an array with a NULL in it. */
async function refuseNullElements(job: QueryJob, connection: DuckDBConnection): Promise<void> {
  for (const { name, mode } of job.analysis.fields) {
    if (mode !== 'REPEATED') continue;
    const found = await connection.runAndReadAll(
      `SELECT 1 FROM ${quote(job.table)} WHERE list_count(${quote(name)}) <> len(${quote(name)}) LIMIT 1`,
    );
    if (found.getRows().length > 0) {
      throw new Error(`Array cannot have a null element; error in writing field ${name}`);
    }
  }
}
