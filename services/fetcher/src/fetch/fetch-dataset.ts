import { sha256Hex } from '@onescan/contract/canonical-json.js';
import type { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { SHARED_PAIR } from '@onescan/dataset/dataset.js';
import type { DatasetContent } from '@onescan/dataset/dataset-content.js';
import { DatasetSpool } from '@onescan/dataset/dataset-spool.js';
import { writeDataset } from '@onescan/dataset/write-dataset.js';
import type { DatasetCache } from '../cache/dataset-cache.js';
import { plannedSize, requireDiskRoom } from '../cache/disk-room.js';
import type { JobLog, JobRecord } from '../jobs/job-log.js';
import { billRecord, settleLater } from '../jobs/settle-jobs.js';
import type { PlannedPair } from '../planning/plan-pair.js';
import type { PlannedStatement } from '../planning/split-statements.js';
import { sampleOrder } from '../sql/sample-order.js';
import type { JobBill, RunningStatement, Warehouse } from '../warehouse/warehouse.js';
import { dialectNamed } from '../warehouse/warehouses.js';
import { candidateColumns } from './candidate-columns.js';
import { DatasetReceiver } from './dataset-receiver.js';
import { requireGranted, requireRemaining } from './fetch-grants.js';
import { requireUnchanged } from './require-unchanged.js';

/**
 * Hexadecimal digits of a run and its statement in a job id: fetchers with other job logs may share a project, and the
 * same dataset may be read by other statements.
 */
const RUN_DIGITS = 8;

/** Stages that a fetch reports; "spool" counts rows, "derive", "write" and "verify" count columns. */
export type FetchStage = 'query' | 'spool' | 'derive' | 'write' | 'verify';

export interface FetchEnvironment {
  readonly warehouse: Warehouse;
  readonly cache: DatasetCache;
  readonly jobs: JobLog;
  readonly pricePerTibUsd: number;
}

export interface FetchOrder {
  readonly planned: PlannedPair;
  readonly runId: string;
  /** For which it is fetched, when that is not what it is planned for. */
  readonly forPair?: string;
  /** Of the approved plan, to label the job with. */
  readonly planHash?: string;
  /** One for each statement. */
  readonly maximumBytesBilled: readonly bigint[];
  /** Bytes that new jobs may still bill in all; what was paid for before is read again without. */
  readonly remainingBytes?: bigint;
  /** What the statements of the run may bill in all, those before included. */
  readonly grantedBytes?: bigint;
  readonly signal: AbortSignal;
  onProgress(stage: FetchStage, done: number, total: number): void;
  /** Told before each statement which one it is. */
  onStatement?(position: number): void;
}

export interface Fetched {
  readonly path: string;
  /** Jobs that belong to this run: 0 when another one had paid for the result. */
  readonly statementsRun: number;
  readonly bytesBilled: bigint;
  readonly usd: number;
}

/**
 * Runs a dataset's statements one after the other, spools their rows and publishes the dataset. On failure or
 * abort nothing is left but the records of the jobs, by which the results of those that ended are found again
 * where the warehouse keeps them.
 */
export async function fetchDataset(environment: FetchEnvironment, order: FetchOrder): Promise<Fetched> {
  const { cache } = environment;
  const { planned } = order;
  const path = cache.pathOf(planned.pair, planned.datasetId);
  await requireDiskRoom(cache.folder, plannedSize(planned));
  const spool = new DatasetSpool(cache.spoolPath(planned.datasetId));
  try {
    const rows = { atLeast: planned.rows, atMost: planned.rowsAtMost };
    const receiver = new DatasetReceiver(spool, rows);
    const tables = planned.statements.reduce((sum, { query }) => sum + query.tables.length + 1, 0);
    const progress = { done: 0, total: planned.rows * tables };
    const jobs: JobRecord[] = [];
    let { remainingBytes } = order;
    for (const position of planned.statements.keys()) {
      order.onStatement?.(position);
      const turn = { position, remainingBytes, receiver, progress };
      const { job, isNew } = await runStatement(environment, order, turn);
      jobs.push(job);
      if (remainingBytes !== undefined && isNew) remainingBytes -= billedAtMost(job);
    }
    await requireUnchanged(environment.warehouse, planned);
    const { shared } = planned;
    const sharedPath = shared && cache.pathOf(SHARED_PAIR, shared.datasetId);
    const content = await datasetContent(planned, receiver, { jobs, spool, sharedPath });
    await writeDataset(path, content, {
      signal: order.signal,
      onProgress: order.onProgress,
    });
    cache.markWhole(path);
    const own = jobs.filter((job) => job.runId === order.runId);
    return {
      path,
      statementsRun: own.length,
      bytesBilled: own.reduce((sum, job) => sum + BigInt(job.bytesBilled), 0n),
      usd: own.reduce((sum, job) => sum + job.usd, 0),
    };
  } finally {
    spool.dispose();
  }
}

/** A statement's turn: its position, and what is left of the run's approval when it comes. */
interface StatementTurn {
  readonly position: number;
  readonly remainingBytes: bigint | undefined;
}

async function runStatement(
  environment: FetchEnvironment,
  order: FetchOrder,
  at: StatementTurn & { receiver: DatasetReceiver; progress: { done: number; total: number } },
): Promise<{ job: JobRecord; isNew: boolean }> {
  const { jobs, warehouse, pricePerTibUsd } = environment;
  const { position, receiver, progress } = at;
  const planned = order.planned.statements[position]!;
  const { isNew, ...chosen } = await chooseJob(environment, order, at);
  const bound = isNew ? jobBound(order, at) : order.maximumBytesBilled[position]!;
  let job: JobRecord = {
    ...startedJob(chosen, order, { planned, bound }),
    billingUnknown: warehouse.billedBy !== undefined,
  };
  order.onProgress('query', progress.done, progress.total);
  // Nothing comes between the count and the record: what runs at the same time is counted too.
  if (isNew && order.grantedBytes !== undefined) {
    const { pair } = order.planned;
    requireGranted({ pair, jobId: job.jobId, bound }, order.grantedBytes, jobs.list(order.runId));
  }
  jobs.append(job);
  let running: RunningStatement | undefined;
  const end = async (changes: Partial<JobRecord>): Promise<void> => {
    const bill = await billOf(environment, job.jobId, { running, signal: order.signal });
    job = {
      ...job,
      ...changes,
      ...billRecord(bill, pricePerTibUsd),
      endedAt: new Date().toISOString(),
    };
    jobs.append(job);
    if (!bill) void settleLater(environment, job.jobId);
  };
  try {
    running = await warehouse.run(planned.statement, {
      jobId: job.jobId,
      maximumBytesBilled: bound,
      cause: { runId: order.runId, pair: order.planned.pair, planHash: order.planHash ?? '' },
      signal: order.signal,
    });
    await receiver.receive(planned, running.batches, (rows) =>
      order.onProgress('spool', progress.done + rows, progress.total),
    );
    progress.done += order.planned.rows * (planned.query.tables.length + 1);
    await end({ state: 'done', rows: order.planned.rows });
    return { job, isNew };
  } catch (thrown) {
    await end({ state: 'failed', error: OnescanError.from(thrown).message });
    throw thrown;
  }
}

/** What a job was billed, or its bound while that is not known. */
function billedAtMost(job: JobRecord): bigint {
  return BigInt(job.billingUnknown ? (job.maximumBytesBilled ?? 0) : job.bytesBilled);
}

/**
 * What a job was billed. One that failed before its end may have been billed: undefined when that cannot be learned
 * now, or nobody waits for it any more.
 */
async function billOf(
  { warehouse }: FetchEnvironment,
  jobId: string,
  { running, signal }: { running: RunningStatement | undefined; signal: AbortSignal },
): Promise<JobBill | undefined> {
  const bytes = warehouse.billedBy ? running?.bytesBilled() : (running?.bytesBilled() ?? 0n);
  if (bytes !== undefined) return { bytes, exists: true };
  return signal.aborted ? undefined : warehouse.billedBy?.(jobId).catch(() => undefined);
}

/** What a new job may bill: its own bound, or what is left of the run's approval when that is less. */
function jobBound({ maximumBytesBilled }: FetchOrder, { position, remainingBytes }: StatementTurn): bigint {
  const own = maximumBytesBilled[position]!;
  return remainingBytes !== undefined && remainingBytes < own ? remainingBytes : own;
}

/**
 * An earlier job whose result is still there, so that nothing is paid twice, or else a new id.
 *
 * @throws OnescanError RESOURCE_EXHAUSTED when a new job could bill more than the run's approval leaves
 */
async function chooseJob(
  { warehouse, jobs }: FetchEnvironment,
  order: FetchOrder,
  turn: StatementTurn,
): Promise<{ jobId: string; runId: string; isNew: boolean }> {
  const { datasetId, statements, pair } = order.planned;
  const { statement } = statements[turn.position]!;
  const sqlSha256 = sha256Hex(statement.sql);
  const earlier = jobs.list().filter((job) => job.datasetId === datasetId && job.sqlSha256 === sqlSha256);
  const ids = earlier.map(({ jobId }) => jobId);
  const found = await warehouse.findJob?.(statement, ids, order.signal);
  const again = warehouse.findJob
    ? earlier.find(({ jobId }) => jobId === found)
    : ownJob(earlier, order.runId);
  const isNew = !again || (!warehouse.findJob && again.bytesBilled === 0n);
  if (isNew) requireRemaining(pair, order.maximumBytesBilled[turn.position]!, turn.remainingBytes);
  if (again) return { jobId: again.jobId, runId: again.runId, isNew };
  const digits = sha256Hex(`${order.runId}\n${sqlSha256}`).slice(0, RUN_DIGITS);
  const jobId = `${jobs.nextJobId(datasetId)}-${digits}`;
  return { jobId, runId: order.runId, isNew };
}

/**
 * Where jobs end with their fetcher, a run still pays for a statement once: one that is run again, because its
 * fetcher was killed or its dataset could not be written, keeps its id and with it its place in the list of jobs.
 */
function ownJob(earlier: readonly QueryJob[], runId: string): QueryJob | undefined {
  return earlier.findLast((job) => job.runId === runId);
}

function startedJob(
  { jobId, runId }: { jobId: string; runId: string },
  { planned, forPair = planned.pair }: FetchOrder,
  { planned: { query, statement }, bound }: { planned: PlannedStatement; bound: bigint },
): JobRecord {
  return {
    jobId,
    runId,
    pair: forPair,
    datasetId: planned.datasetId,
    sqlSha256: sha256Hex(statement.sql),
    state: 'running',
    rows: 0,
    featureColumns: query.tables.reduce((sum, t) => sum + t.numbers.length + t.texts.length, 0),
    targetColumns: query.targets?.columns.length ?? 0,
    bytesBilled: '0',
    usd: 0,
    startedAt: new Date().toISOString(),
    endedAt: '',
    error: '',
    pid: process.pid,
    purpose: 'fetch',
    maximumBytesBilled: String(bound),
    ...(planned.pair === SHARED_PAIR ? { shared: true } : {}),
  };
}

async function datasetContent(
  planned: PlannedPair,
  receiver: DatasetReceiver,
  from: { jobs: readonly JobRecord[]; spool: DatasetSpool; sharedPath: string | undefined },
): Promise<DatasetContent> {
  const { jobs, spool, sharedPath } = from;
  const { keys, bar, persistence, targets, knownParts } = receiver.sample;
  const columns = candidateColumns(planned.universe, receiver.parts, planned.shared?.groups);
  const hasManyTexts = columns.some((column) => column.spool && column.exclusion !== undefined);
  const { warehouse, sample } = planned.facts;
  // The keys of several sources are no nested sample.
  const isNested = hasManyTexts && sample.sources.length === 1;
  return {
    datasetId: planned.datasetId,
    pair: planned.pair,
    targetWindow: planned.statements[0]!.query.targets?.window ?? 0,
    identity: planned.identity,
    sql: planned.statements.map(({ statement }) => statement.sql).join('\n;\n'),
    jobId: jobs.map(({ jobId }) => jobId).join(', '),
    bytesBilled: jobs.reduce((sum, job) => sum + BigInt(job.bytesBilled), 0n),
    usd: jobs.reduce((sum, job) => sum + job.usd, 0),
    createdAt: jobs.at(-1)!.endedAt,
    keys,
    bar,
    persistence,
    targets,
    knownParts,
    ...(isNested
      ? { sampleOrder: await sampleOrder(dialectNamed(warehouse.dialect), BigInt(sample.seed), keys) }
      : {}),
    columns,
    ...(sharedPath === undefined ? {} : { sharedPath }),
    spool: spool.index(),
  };
}
