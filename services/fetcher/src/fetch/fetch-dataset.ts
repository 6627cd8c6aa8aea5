import { sha256Hex } from '@onescan/shared/canonical-json.js';
import type { DatasetContent } from '@onescan/shared/dataset/dataset-content.js';
import { DatasetSpool } from '@onescan/shared/dataset/dataset-spool.js';
import { writeDataset } from '@onescan/shared/dataset/write-dataset.js';
import { formatBytes } from '@onescan/shared/format/bytes.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { DatasetCache } from '../cache/dataset-cache.js';
import type { JobLog, JobRecord } from '../jobs/job-log.js';
import type { PlannedPair } from '../planning/plan-pair.js';
import { priceOf } from '../planning/price.js';
import type { RunningStatement, Warehouse } from '../warehouse/warehouse.js';
import { type Received, receiveStatement } from './receive-statement.js';

/** Hexadecimal digits of a run in a job id: fetchers with other job logs may share a project. */
const RUN_DIGITS = 8;
const MAX_LABEL_LENGTH = 63;

/** Stages that a fetch reports; "spool" counts rows, "write" and "verify" count columns. */
export type FetchStage = 'query' | 'spool' | 'write' | 'verify';

export interface FetchEnvironment {
  readonly warehouse: Warehouse;
  readonly cache: DatasetCache;
  readonly jobs: JobLog;
  readonly pricePerTibUsd: number;
}

export interface FetchOrder {
  readonly planned: PlannedPair;
  readonly runId: string;
  /** Of the approved plan, to label the job with. */
  readonly planHash?: string;
  readonly maximumBytesBilled: bigint;
  /** Bytes that a new job may still bill; what was paid for before is read again without. */
  readonly remainingBytes?: bigint;
  readonly signal: AbortSignal;
  onProgress(stage: FetchStage, done: number, total: number): void;
}

export interface Fetched {
  readonly path: string;
  /** Jobs that belong to this run: 0 when another one had paid for the result. */
  readonly statementsRun: number;
  readonly bytesBilled: bigint;
  readonly usd: number;
}

/**
 * Runs a pair's one statement, spools its rows and publishes the dataset. On failure or abort nothing is left
 * but the record of the job.
 */
export async function fetchDataset(environment: FetchEnvironment, order: FetchOrder): Promise<Fetched> {
  const { cache } = environment;
  const { planned } = order;
  const path = cache.pathOf(planned.pair, planned.datasetId);
  const spool = new DatasetSpool(cache.spoolPath(planned.datasetId));
  try {
    const { job, received } = await runStatement(environment, order, spool);
    const content = datasetContent(planned, received, { job, spool });
    await writeDataset(path, content, {
      signal: order.signal,
      onProgress: order.onProgress,
    });
    cache.markWhole(path);
    const own = job.runId === order.runId;
    return own
      ? { path, statementsRun: 1, bytesBilled: BigInt(job.bytesBilled), usd: job.usd }
      : { path, statementsRun: 0, bytesBilled: 0n, usd: 0 };
  } finally {
    spool.dispose();
  }
}

async function runStatement(
  environment: FetchEnvironment,
  order: FetchOrder,
  spool: DatasetSpool,
): Promise<{ job: JobRecord; received: Received }> {
  const { jobs, warehouse, pricePerTibUsd } = environment;
  const { planned } = order;
  let job: JobRecord = {
    ...startedJob(await chooseJob(environment, order), order),
    billingUnknown: warehouse.billedBy !== undefined,
  };
  const total = planned.rows * (planned.query.tables.length + 1);
  order.onProgress('query', 0, total);
  jobs.append(job);
  let running: RunningStatement | undefined;
  const end = async (changes: Partial<JobRecord>): Promise<void> => {
    const billed = running?.bytesBilled() ?? (await askBilling(warehouse, job.jobId));
    job = {
      ...job,
      ...changes,
      bytesBilled: `${billed ?? 0n}`,
      usd: priceOf(billed ?? 0n, pricePerTibUsd),
      billingUnknown: billed === undefined,
      endedAt: new Date().toISOString(),
    };
    jobs.append(job);
  };
  try {
    running = await warehouse.run(planned.statement, {
      jobId: job.jobId,
      maximumBytesBilled: jobBound(order),
      labels: jobLabels(order),
      signal: order.signal,
    });
    const received = await receiveStatement(planned, running.batches, spool, (rows) =>
      order.onProgress('spool', rows, total),
    );
    await end({ state: 'done', rows: planned.rows });
    return { job, received };
  } catch (thrown) {
    await end({ state: 'failed', error: OnescanError.from(thrown).message });
    throw thrown;
  }
}

/** A job that failed before its end may have been billed: undefined when that cannot be learned now. */
async function askBilling(warehouse: Warehouse, jobId: string): Promise<bigint | undefined> {
  return warehouse.billedBy ? warehouse.billedBy(jobId).catch(() => undefined) : 0n;
}

/** What a new job may bill: its own bound, or what is left of the run's approval when that is less. */
function jobBound({ maximumBytesBilled, remainingBytes }: FetchOrder): bigint {
  return remainingBytes !== undefined && remainingBytes < maximumBytesBilled
    ? remainingBytes
    : maximumBytesBilled;
}

/**
 * An earlier job whose result is still there, so that nothing is paid twice, or else a new id.
 *
 * @throws OnescanError RESOURCE_EXHAUSTED when a new job could bill more than the run's approval leaves
 */
async function chooseJob(
  { warehouse, jobs }: FetchEnvironment,
  order: FetchOrder,
): Promise<{ jobId: string; runId: string }> {
  const { datasetId, statement, pair } = order.planned;
  const earlier = jobs.list().filter((job) => job.datasetId === datasetId);
  const found = await warehouse.findJob?.(
    statement,
    earlier.map(({ jobId }) => jobId),
  );
  const paidFor = earlier.find(({ jobId }) => jobId === found);
  if (paidFor) return paidFor;
  requireApproved(pair, order);
  const jobId = `${jobs.nextJobId(datasetId)}-${sha256Hex(order.runId).slice(0, RUN_DIGITS)}`;
  return { jobId, runId: order.runId };
}

function requireApproved(pair: string, { maximumBytesBilled, remainingBytes }: FetchOrder): void {
  if (remainingBytes === undefined || maximumBytesBilled <= remainingBytes) return;
  throw new OnescanError(
    'RESOURCE_EXHAUSTED',
    `the statement of ${pair} may bill ${formatBytes(maximumBytesBilled)}, the run's approval leaves ${formatBytes(remainingBytes)}: it was not sent`,
    {
      remedy: 'Resume the run: it is planned anew with what was billed, and approve that',
      details: { pair, remainingBytes: Number(remainingBytes) },
    },
  );
}

/** Labels allow lower-case letters, digits, _ and -, 63 of them. */
function jobLabels({ runId, planned, planHash = '' }: FetchOrder): Record<string, string> {
  const text = (value: string): string =>
    value
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]/g, '_')
      .slice(0, MAX_LABEL_LENGTH);
  return { run: text(runId), pair: text(planned.pair), plan_hash: text(planHash) };
}

function startedJob({ jobId, runId }: { jobId: string; runId: string }, order: FetchOrder): JobRecord {
  const { planned } = order;
  return {
    jobId,
    runId,
    pair: planned.pair,
    datasetId: planned.datasetId,
    sqlSha256: sha256Hex(planned.statement.sql),
    state: 'running',
    rows: 0,
    featureColumns: planned.query.tables.reduce((sum, t) => sum + t.numbers.length + t.texts.length, 0),
    targetColumns: planned.query.targets.columns.length,
    bytesBilled: '0',
    usd: 0,
    startedAt: new Date().toISOString(),
    endedAt: '',
    error: '',
    pid: process.pid,
    purpose: 'fetch',
    maximumBytesBilled: String(jobBound(order)),
  };
}

function datasetContent(
  planned: PlannedPair,
  received: Received,
  { job, spool }: { job: JobRecord; spool: DatasetSpool },
): DatasetContent {
  const { keys, bar, persistence, targets, knownParts } = received.sample;
  return {
    datasetId: planned.datasetId,
    pair: planned.pair,
    targetWindow: planned.query.targets.window,
    identity: planned.identity,
    sql: planned.statement.sql,
    jobId: job.jobId,
    bytesBilled: BigInt(job.bytesBilled),
    usd: job.usd,
    createdAt: job.endedAt,
    keys,
    bar,
    persistence,
    targets,
    knownParts,
    columns: received.columns,
    spool: spool.index(),
  };
}
