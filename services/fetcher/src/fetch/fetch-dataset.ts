import { sha256Hex } from '@onescan/shared/canonical-json.js';
import type { DatasetContent, WriteStage } from '@onescan/shared/dataset/dataset-content.js';
import { DatasetSpool } from '@onescan/shared/dataset/dataset-spool.js';
import { writeDataset } from '@onescan/shared/dataset/write-dataset.js';
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
  readonly signal: AbortSignal;
  onProgress(stage: FetchStage, done: number, total: number): void;
}

export interface Fetched {
  readonly path: string;
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
      onProgress: (stage, done, total) => reportWriting(order, stage, done, total),
    });
    cache.markWhole(path);
    return { path, bytesBilled: BigInt(job.bytesBilled), usd: job.usd };
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
  let job = startedJob(await chooseJobId(environment, order), order);
  const total = planned.rows * (planned.query.tables.length + 1);
  order.onProgress('query', 0, total);
  jobs.append(job);
  let running: RunningStatement | undefined;
  const end = (changes: Partial<JobRecord>): void => {
    const bytesBilled = running?.bytesBilled() ?? 0n;
    const usd = priceOf(bytesBilled, pricePerTibUsd);
    job = { ...job, ...changes, bytesBilled: `${bytesBilled}`, usd, endedAt: new Date().toISOString() };
    jobs.append(job);
  };
  try {
    running = await warehouse.run(planned.statement, {
      jobId: job.jobId,
      maximumBytesBilled: order.maximumBytesBilled,
      labels: jobLabels(order),
      signal: order.signal,
    });
    const received = await receiveStatement(planned, running.batches, spool, (rows) =>
      order.onProgress('spool', rows, total),
    );
    end({ state: 'done', rows: planned.rows });
    return { job, received };
  } catch (thrown) {
    end({ state: 'failed', error: OnescanError.from(thrown).message });
    throw thrown;
  }
}

/** An earlier job whose result is still there, so that nothing is paid twice, or else a new id. */
async function chooseJobId({ warehouse, jobs }: FetchEnvironment, order: FetchOrder): Promise<string> {
  const { datasetId, statement } = order.planned;
  const earlier = jobs.list().filter((job) => job.datasetId === datasetId);
  const found = await warehouse.findJob?.(
    statement,
    earlier.map(({ jobId }) => jobId),
  );
  return found ?? `${jobs.nextJobId(datasetId)}-${sha256Hex(order.runId).slice(0, RUN_DIGITS)}`;
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

function startedJob(jobId: string, order: FetchOrder): JobRecord {
  const { planned } = order;
  return {
    jobId,
    runId: order.runId,
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

/** Measuring and writing are one stage of two passes over the columns. */
function reportWriting(order: FetchOrder, stage: WriteStage, done: number, total: number): void {
  if (stage === 'verify') order.onProgress('verify', done, total);
  else order.onProgress('write', stage === 'profile' ? done : total + done, 2 * total);
}
