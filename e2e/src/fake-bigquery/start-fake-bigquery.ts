import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { QueryLimits } from './analyze-statement.js';
import type { SentAnswer } from './answer-conformance.js';
import { AnswerVariation } from './answer-variation.js';
import { ApiError } from './api-error.js';
import { type Fault, type FaultKind, Faults } from './faults.js';
import { pageBody, pagingOf, QueryEndpoints } from './query-endpoints.js';
import { dryRunResource, type JobRequest, jobResource, type QueryJob, tableResource } from './query-job.js';
import { QueryJobs } from './query-jobs.js';
import { startStorageServer } from './storage-server.js';
import { WarehouseDatabase } from './warehouse-database.js';

export interface FakeBigQueryOptions {
  /** A DuckDB file: its schemas are datasets. It must not be written meanwhile. */
  databasePath: string;
  project: string;
  /** Default us-central1. */
  location?: string;
  /** Column by whose day tables are partitioned, default interval_time. */
  keyColumn?: string;
  /** JSON of a page of rows at most, default 10 MB as BigQuery. */
  maxPageBytes?: number;
  /** New DuckDB file for results that are too large for memory; default: in memory. */
  resultsPath?: string;
  /**
   * Rows that follow each other in a stream of the Storage Read API, mixed, default 300; record batches have 2,048 of
   * them at most. Of large results 122,880, a row group of DuckDB's: it reads one for each of these blocks.
   */
  streamBlockRows?: number;
  /** DuckDB's settings, e.g. memory_limit and temp_directory. */
  databaseSettings?: Readonly<Record<string, string>>;
  /** Limits of a query other than BigQuery's. */
  limits?: Partial<QueryLimits>;
  /** Tables that are partitioned require a filter on the key; default false. */
  requirePartitionFilter?: boolean;
  /** Answers differ as BigQuery's own do, see {@link AnswerVariation}; default: each has all fields. */
  variationSeed?: number | undefined;
  /** Told of every answer of the REST API that is JSON, before it varies. */
  onAnswer?: ((answer: SentAnswer) => void) | undefined;
}

export interface FakeBigQuery {
  /** For BIGQUERY_EMULATOR_HOST. */
  readonly url: string;
  /** For BIGQUERY_STORAGE_EMULATOR_HOST. */
  readonly storageAddress: string;
  /** Jobs in the order of their acceptance; dry runs are none. */
  jobs(): QueryJob[];
  /** "POST /jobs", "GET /jobs/J", ... in order. */
  readonly requests: readonly string[];
  readonly dryRuns: readonly string[];
  inject(fault: Fault): void;
  clearFaults(): void;
  /** Requests that injected faults are still to hit. */
  pendingFaults(): number;
  expireResults(): void;
  /** Cancels a job as somebody else would: it ends after a few questions. */
  cancel(jobId: string): void;
  /** Lets stuck jobs go on. */
  release(): Promise<void>;
  /** Changes the metadata tables by DuckDB's SQL, see metadataTable(). */
  changeMetadata(sql: string): Promise<void>;
  close(): Promise<void>;
}

const DEFAULT_MAX_PAGE_BYTES = 10_000_000;
const DEFAULT_STREAM_BLOCK_ROWS = 300;
const DEFAULT_MAX_ROWS = 100_000;

interface Context {
  options: Required<Omit<FakeBigQueryOptions, 'resultsPath' | 'variationSeed' | 'onAnswer'>>;
  variation: AnswerVariation | undefined;
  onAnswer: (answer: SentAnswer) => void;
  jobs: QueryJobs;
  queries: QueryEndpoints;
  faults: Faults;
  requests: string[];
  dryRuns: string[];
}

/** Starts servers on free loopback ports: the part of BigQuery's REST API that queries need, and Storage Read. */
export async function startFakeBigQuery(given: FakeBigQueryOptions): Promise<FakeBigQuery> {
  const options = {
    location: 'us-central1',
    keyColumn: 'interval_time',
    maxPageBytes: DEFAULT_MAX_PAGE_BYTES,
    streamBlockRows: DEFAULT_STREAM_BLOCK_ROWS,
    databaseSettings: {},
    limits: {},
    requirePartitionFilter: false,
    ...given,
  };
  const database = await WarehouseDatabase.open(options.databasePath, options);
  const jobs = new QueryJobs(database, options);
  const faults = new Faults();
  const variation = given.variationSeed === undefined ? undefined : new AnswerVariation(given.variationSeed);
  const queries = new QueryEndpoints(jobs, faults, { ...options, variation, maxRows: DEFAULT_MAX_ROWS });
  const context: Context = {
    options,
    jobs,
    queries,
    faults,
    variation,
    onAnswer: given.onAnswer ?? (() => undefined),
    requests: [],
    dryRuns: [],
  };
  const storage = await startStorageServer(jobs, context.faults);
  const server = createServer((request, response) => {
    answer(context, request, response).catch((thrown: unknown) =>
      sendError(context, request, response, thrown),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    storageAddress: storage.address,
    jobs: () => jobs.list(),
    requests: context.requests,
    dryRuns: context.dryRuns,
    inject: (fault) => context.faults.inject(fault),
    clearFaults: () => context.faults.clear(),
    pendingFaults: () => context.faults.pending,
    expireResults: () => jobs.expireResults(),
    cancel: (jobId) => void jobs.cancel(jobId),
    release: () => jobs.release(),
    changeMetadata: (sql) => database.change(sql),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      storage.close();
      await jobs.close();
      database.close();
    },
  };
}

const PROJECT_PATH = /^(?:\/bigquery\/v2)?\/projects\/([^/]+)(\/.*)$/;

async function answer(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://fake');
  const found = PROJECT_PATH.exec(url.pathname);
  const project = decodeURIComponent(found?.[1] ?? '');
  if (!found || project !== context.options.project)
    throw new ApiError(404, 'notFound', 'Not found: Project');
  const body = await readBody(request);
  const path = found[2]!.split('/').slice(1).map(decodeURIComponent);
  context.requests.push(`${request.method} /${path.slice(0, 2).join('/')}`);
  const result = await route(context, `${request.method}`, path, { query: url.searchParams, body });
  context.onAnswer({ method: `${request.method}`, path, status: 200, body: result.body });
  send(request, response, { ...result, body: context.variation?.vary(result.body) ?? result.body });
}

interface Answer {
  body: object;
  /** What becomes of the answer. */
  fault?: FaultKind | undefined;
}

const PORTAL = '<html><head><title>Sign in</title></head><body>Please accept the terms of use</body></html>';

function send(request: IncomingMessage, response: ServerResponse, { body, fault }: Answer): void {
  if (fault === 'unanswered') return;
  if (fault === 'html' || fault === 'emptyBody') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(fault === 'html' ? PORTAL : '');
    return;
  }
  const text = JSON.stringify(body);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  if (fault === 'reset' || fault === 'stuckReset') {
    response.write(text.slice(0, Math.ceil(text.length / 2)), () => request.socket.destroy());
  } else response.end(text);
}

interface Input {
  query: URLSearchParams;
  body: string;
}

async function route(context: Context, method: string, path: string[], input: Input): Promise<Answer> {
  const { jobs, queries, faults, options } = context;
  const [kind, name, third, table, fifth] = path;
  const sentJob = (job: QueryJob): object => jobResource(options.project, job);
  if (method === 'POST' && kind === 'queries') return { body: await queries.query(JSON.parse(input.body)) };
  if (method === 'GET' && kind === 'queries') {
    const fault = faults.take('rows');
    return { body: await queries.results(name!, input.query), fault };
  }
  if (method === 'POST' && kind === 'jobs' && name === undefined) return insert(context, input);
  if (method === 'POST' && kind === 'jobs' && third === 'cancel') {
    const fault = faults.take('cancel');
    return { body: { kind: 'bigquery#jobCancelResponse', job: sentJob(jobs.cancel(name!)) }, fault };
  }
  if (method === 'GET' && kind === 'jobs' && name !== undefined && third === undefined) {
    const job = jobs.poll(name);
    const fault = faults.take('getJob');
    // A job that is done may be told as running by another of BigQuery's servers.
    const done = job.state === 'DONE' && !job.error && faults.pending === 0;
    const stale = done && context.variation?.isUnfinished(`job ${name}`);
    if (job.state === 'DONE' && !stale) context.variation?.finished(`job ${name}`);
    return { body: sentJob(stale ? { ...job, state: 'RUNNING' } : job), fault };
  }
  if (method === 'GET' && kind === 'datasets' && third === 'tables' && table !== undefined) {
    if (fifth === undefined) {
      const fault = faults.take('getTable');
      if (fault === 'expireResult') jobs.expireResults();
      const job = jobs.ofTable(name!, table);
      return { body: tableResource(options.project, job), fault };
    }
    if (fifth === 'data') return rows(context, jobs.ofTable(name!, table), input.query);
  }
  throw new ApiError(501, 'notImplemented', `the fake BigQuery does not know ${method} /${path.join('/')}`);
}

async function insert({ jobs, faults, dryRuns, options }: Context, input: Input): Promise<Answer> {
  const request = JSON.parse(input.body) as JobRequest;
  if (request.configuration?.dryRun) {
    const fault = faults.take('dryRun');
    const analysis = await jobs.analyze(request);
    dryRuns.push(request.configuration.query!.query);
    return { body: dryRunResource(options.project, request, analysis), fault };
  }
  const fault = faults.take('insert');
  const job = await jobs.insert(request, fault);
  return { body: jobResource(options.project, job), fault };
}

async function rows(
  { jobs, faults, options }: Context,
  job: QueryJob,
  query: URLSearchParams,
): Promise<Answer> {
  const fault = faults.take('rows');
  const page = await jobs.page(job, pagingOf(query, DEFAULT_MAX_ROWS), options.maxPageBytes);
  const body = { kind: 'bigquery#tableDataList', ...pageBody(page) };
  return { body, fault };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function sendError(
  { variation, onAnswer }: Context,
  request: IncomingMessage,
  response: ServerResponse,
  thrown: unknown,
): void {
  const error =
    thrown instanceof ApiError
      ? thrown
      : new ApiError(500, 'internalError', `the fake BigQuery is broken: ${(thrown as Error).message}`);
  const path = (PROJECT_PATH.exec(new URL(request.url ?? '/', 'http://fake').pathname)?.[2] ?? '')
    .split('/')
    .slice(1);
  onAnswer({ method: `${request.method}`, path, status: error.status, body: error.body });
  const text = JSON.stringify(variation?.vary(error.body) ?? error.body);
  response.writeHead(error.status, { 'content-type': 'application/json' });
  response.end(text);
}
