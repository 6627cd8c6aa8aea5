import { sha256Hex } from '@onescan/contract/canonical-json.js';
import {
  type CancelFetchRequest,
  DatasetRef,
  type EstimatePairRequest,
  EstimatePairResponse,
  type EstimateSharedRequest,
  EstimateSharedResponse,
  type FetcherServiceServer,
  FetcherServiceService,
  type FetchPairRequest,
  type FetchPairResponse,
  FetchProgress,
  type ListQueryJobsRequest,
  QueryJob,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { PairPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { serverStream, unary } from '@onescan/process/grpc/handlers.js';
import { startServer } from '@onescan/process/grpc/start-server.js';

/** Features of the scripted universe, the last of which is excluded by the plan. */
export const FEATURES = ['agg.mean_45', 'mom.roc_45', 'tri.error', 'base.target_45'] as const;

/** Cost of a pair, chosen so that sums are exact. */
export const PAIR_USD = 0.25;
export const PAIR_BYTES = 40n * 1024n ** 3n;
const PRICE_PER_TIB_USD = 6.4;

export interface FetcherScript {
  /** Pairs whose fetch fails, with the error to send. */
  failures?: Map<string, OnescanError>;
  /** Awaited before a dataset is delivered. */
  beforeDataset?: (pair: string) => Promise<void>;
  estimateError?: OnescanError;
  /** Pairs whose tables have changed: they give another dataset from then on. */
  changed?: ReadonlySet<string>;
  /** Statements that pairs take, default one; the bytes of each are the pair's, divided. */
  statements?: ReadonlyMap<string, number>;
  /** For estimates of a pair without what all share. */
  whatIfError?: OnescanError;
  /** Bytes of what the pairs share; default they share nothing. */
  sharedBytes?: bigint;
  /** What the statement of a pair is billed; default what was estimated. */
  billedBytes?: Map<string, bigint>;
  /** Jobs end before the warehouse says what they were billed. */
  unknownBills?: boolean;
  /** Snapshot of a pair's catalogue; default one without tables. */
  catalogue?: (pair: string) => string;
  /** What becomes of sound answers before they are sent. */
  lies?: Lies;
}

/** Changes of sound answers: whatever the types allow goes over the wire. */
export interface Lies {
  estimate?: (answer: EstimatePairResponse) => EstimatePairResponse;
  shared?: (answer: EstimateSharedResponse) => EstimateSharedResponse;
  dataset?: (answer: DatasetRef) => DatasetRef;
  progress?: (answer: FetchProgress, pair: string) => FetchProgress;
  jobs?: (answer: QueryJob[], runId: string) => QueryJob[];
  /** Sent instead of a pair's progress and dataset. */
  stream?: (pair: string) => AsyncIterable<FetchPairResponse> | undefined;
}

export interface ScriptedFetcher {
  readonly address: string;
  readonly script: FetcherScript;
  readonly fetches: FetchPairRequest[];
  /** Pairs that were estimated. */
  readonly estimates: string[];
  /** Estimates of what the pairs share ("shared"), and of pairs without it. */
  readonly whatIfs: string[];
  readonly jobs: QueryJob[];
  readonly cached: Set<string>;
  /** Datasets whose fetch was given up. */
  readonly cancelled: string[];
  close(): Promise<void>;
}

/** A plan of several statements instead of one. */
function divided(plan: PairPlan, count = 1): PairPlan {
  const [one] = plan.statements;
  if (!one || count === 1) return plan;
  const bytes = one.bytes / BigInt(count);
  const statements = Array.from({ length: count }, (_, i) => {
    const sqlSha256 = sha256Hex(`${one.sqlSha256} ${i + 1} of ${count}`);
    return { ...one, sqlSha256, bytes, maximumBytesBilled: bytes };
  });
  const all = bytes * BigInt(count);
  return { ...plan, statements, bytes: all, usd: usdOf(all) };
}

/** A fetcher over a real socket that delivers made-up datasets, remembers them, and keeps a list of jobs. */
export async function startScriptedFetcher(script: FetcherScript = {}): Promise<ScriptedFetcher> {
  const fetches: FetchPairRequest[] = [];
  const estimates: string[] = [];
  const whatIfs: string[] = [];
  const nowOf = (pair: string): string => datasetIdOf(script.changed?.has(pair) ? `${pair} anew` : pair);
  const jobs: QueryJob[] = [];
  const cached = new Set<string>();
  const cancelled: string[] = [];
  const refuse = unary(async () => {
    throw new OnescanError('UNIMPLEMENTED', 'not in this script');
  });
  const implementation = {
    estimateShared: unary(async ({ spec }: EstimateSharedRequest) => {
      whatIfs.push('shared');
      const answer = { pricePerTibUsd: PRICE_PER_TIB_USD, warehouse: 'embedded' };
      const lie = script.lies?.shared ?? ((sound) => sound);
      if (script.sharedBytes === undefined) return lie(EstimateSharedResponse.create(answer));
      const plan = {
        datasetId: datasetIdOf(`what ${spec!.pairs.length} pairs share`),
        bytes: script.sharedBytes,
        usd: usdOf(script.sharedBytes),
        statements: [
          {
            sqlSha256: sqlSha256Of('shared'),
            bytes: script.sharedBytes,
            maximumBytesBilled: script.sharedBytes,
          },
        ],
        rowsAtLeast: 1000,
        rowsAtMost: 1000 * spec!.pairs.length,
      };
      return lie(
        EstimateSharedResponse.fromPartial({ ...answer, plan, metadataQueries: 1, metadataBytes: 10n }),
      );
    }),
    estimatePair: unary(async ({ pair, sharedDatasetId }: EstimatePairRequest) => {
      (sharedDatasetId === '' ? estimates : whatIfs).push(pair);
      const error = sharedDatasetId === '' ? script.estimateError : script.whatIfError;
      if (error) throw error;
      const catalogue = Buffer.from(script.catalogue?.(pair) ?? snapshot([]));
      const catalogueSha256 = sha256Hex(catalogue.toString());
      const whole = divided(pairPlan(pair, nowOf(pair)), script.statements?.get(pair));
      const bytes = whole.bytes - (script.sharedBytes ?? 0n);
      const statements = whole.statements.map((statement) => ({ ...statement, bytes }));
      const left = { ...whole, bytes, usd: usdOf(bytes), statements };
      const plan = sharedDatasetId === '' ? whole : left;
      const answer = EstimatePairResponse.create({
        plan: { ...plan, cached: cached.has(nowOf(pair)), catalogueSha256 },
        catalogue,
        pricePerTibUsd: PRICE_PER_TIB_USD,
        warehouse: 'embedded',
      });
      return script.lies?.estimate?.(answer) ?? answer;
    }),
    fetchPair: serverStream(async function* (request: FetchPairRequest) {
      fetches.push(request);
      const stream = script.lies?.stream?.(request.pair);
      if (stream) return yield* stream;
      const progress = FetchProgress.create({ stage: 'query', done: 1n, total: 2n });
      yield {
        message: {
          $case: 'progress' as const,
          value: script.lies?.progress?.(progress, request.pair) ?? progress,
        },
      };
      await script.beforeDataset?.(request.pair);
      const failure = script.failures?.get(request.pair);
      if (failure) throw failure;
      if (request.datasetId !== nowOf(request.pair)) {
        throw new OnescanError('FAILED_PRECONDITION', `${request.pair} has changed`);
      }
      const hit = cached.has(request.datasetId);
      if (!hit && request.cachedOnly)
        throw new OnescanError('FAILED_PRECONDITION', 'the dataset is not cached');
      const paid = jobs.some((job) => job.datasetId === request.datasetId && job.repeatable);
      if (!hit && !paid && PAIR_BYTES > (request.remainingBytes ?? PAIR_BYTES))
        throw new OnescanError('RESOURCE_EXHAUSTED', `only ${request.remainingBytes} bytes are left`);
      cached.add(request.datasetId);
      if (!hit && !paid) {
        const billed = script.unknownBills ? 0n : (script.billedBytes?.get(request.pair) ?? PAIR_BYTES);
        const job = queryJob(request, { bytesBilled: billed, before: jobs });
        jobs.push(
          script.unknownBills ? { ...job, billingUnknown: true, maximumBytesBilled: PAIR_BYTES } : job,
        );
      }
      const ref = datasetRef(request, hit);
      yield { message: { $case: 'dataset' as const, value: script.lies?.dataset?.(ref) ?? ref } };
    }),
    listQueryJobs: unary(async ({ runId, checkResults }: ListQueryJobsRequest) => {
      const listed = jobs
        .filter((job) => job.runId === runId)
        .map((job) => ({ ...job, repeatable: job.repeatable && checkResults === true }));
      return { jobs: script.lies?.jobs?.(listed, runId) ?? listed };
    }),
    cancelFetch: unary(async ({ datasetId }: CancelFetchRequest) => {
      cancelled.push(datasetId);
      return { running: true };
    }),
    listDatasets: refuse,
    verifyDataset: refuse,
    deleteDataset: refuse,
    readDataset: refuse,
  } as unknown as FetcherServiceServer;
  const server = await startServer({
    listen: '127.0.0.1:0',
    register: (grpc) => grpc.addService(FetcherServiceService, implementation),
    healthNames: [],
  });
  return {
    address: server.address,
    script,
    fetches,
    estimates,
    whatIfs,
    jobs,
    cached,
    cancelled,
    close: () => server.shutdown(100),
  };
}

/** A snapshot of tables, each with its columns as [name, type]. */
export function snapshot(tables: readonly { table: string; columns: [string, string][] }[]): string {
  return JSON.stringify({ format: 'onescan.catalogue', formatVersion: 1, tables });
}

export function datasetIdOf(pair: string): string {
  return sha256Hex(`dataset of ${pair}`);
}

function usdOf(bytes: bigint): number {
  return (PAIR_USD * Number(bytes)) / Number(PAIR_BYTES);
}

function sqlSha256Of(pair: string): string {
  return sha256Hex(`select ${pair}`);
}

export function pairPlan(pair: string, datasetId = datasetIdOf(pair)): PairPlan {
  return PairPlan.create({
    pair,
    datasetId,
    statements: [
      {
        sqlSha256: sqlSha256Of(pair),
        sqlBytes: 250_000n,
        bytes: PAIR_BYTES,
        maximumBytesBilled: 2n * PAIR_BYTES,
        columns: FEATURES.length + 7,
        tables: 4,
      },
    ],
    tables: 4,
    columns: FEATURES.length,
    includedColumns: FEATURES.length - 1,
    exclusions: [
      {
        featureId: 'base.target_45',
        stage: 'plan',
        reason: '',
        why: { code: 'future_name', facts: { pattern: 'target' } },
      },
    ],
    targets: 7,
    rows: 1000,
    bytes: PAIR_BYTES,
    usd: PAIR_USD,
  });
}

function datasetRef({ pair, datasetId }: FetchPairRequest, cached: boolean): DatasetRef {
  return DatasetRef.create({
    datasetId,
    pair,
    path: `/nowhere/${pair}.duckdb`,
    rows: 1000,
    columns: FEATURES.length - 1,
    cached,
    statementsRun: cached ? 0 : 1,
    bytesBilled: cached ? 0n : PAIR_BYTES,
    usd: cached ? 0 : PAIR_USD,
    contentSha256: sha256Hex(`content of ${pair}`),
  });
}

function queryJob(
  { runId, pair, datasetId }: FetchPairRequest,
  { bytesBilled, before }: { bytesBilled: bigint; before: readonly QueryJob[] },
): QueryJob {
  const repetition = before.filter((job) => job.runId === runId && job.pair === pair).length;
  return QueryJob.create({
    jobId: repetition === 0 ? `job-${pair}` : `job-${pair}-${repetition + 1}`,
    runId,
    pair,
    datasetId,
    sqlSha256: sqlSha256Of(pair),
    state: 'done',
    bytesBilled,
    usd: usdOf(bytesBilled),
  });
}
