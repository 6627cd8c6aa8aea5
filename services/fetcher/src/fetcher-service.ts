import type {
  DatasetRef,
  EstimatePairRequest,
  EstimatePairResponse,
  FetcherServiceServer,
  FetchPairRequest,
  FetchPairResponse,
} from '@onescan/shared/generated/onescan/v1/fetcher.js';
import { serverStream, unary } from '@onescan/shared/grpc/handlers.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { requirePair } from '@onescan/shared/pair.js';
import { type ResolvedRunSpec, resolveRunSpec } from '@onescan/shared/run-spec.js';
import { ATTRIBUTE, SPAN } from '@onescan/shared/telemetry/attributes.js';
import { contextFromTraceparent, withSpan } from '@onescan/shared/telemetry/tracing.js';
import { type FetchEnvironment, type Fetched, fetchDataset } from './fetch/fetch-dataset.js';
import { readFileChunks } from './fetch/read-file-chunks.js';
import type { FetchProgressNow, SharedFetches } from './fetch/shared-fetches.js';
import { streamProgress } from './fetch/stream-progress.js';
import { meterMetadata } from './jobs/metadata-bill.js';
import { settleJobs } from './jobs/settle-jobs.js';
import { catalogueSnapshot } from './planning/catalogue-snapshot.js';
import { pairPlan } from './planning/pair-plan.js';
import { type PlannedPair, type PlanningRules, planPair } from './planning/plan-pair.js';
import type { PlannedStatement } from './planning/split-statements.js';
import { estimateStrategies, type PairEstimate } from './planning/strategy-estimates.js';
import type { Warehouse } from './warehouse/warehouse.js';

export interface FetcherServices extends FetchEnvironment {
  readonly rules: PlanningRules;
  readonly fetches: SharedFetches;
}

/** The gRPC service over a warehouse, a cache of datasets and a job log. */
export function fetcherService(services: FetcherServices): FetcherServiceServer {
  const { cache, jobs } = services;
  return {
    estimatePair: unary((request) => estimatePair(services, request)),
    estimateShared: unary(async () => ({
      pricePerTibUsd: services.pricePerTibUsd,
      warehouse: services.warehouse.kind,
    })),
    fetchPair: serverStream((request, _call, signal) => fetchPair(services, request, signal)),
    cancelFetch: unary(async ({ datasetId }) => ({ running: services.fetches.cancel(datasetId) })),
    listDatasets: unary(() => cache.list()),
    verifyDataset: unary(async (request) => cache.verify(request.datasetId)),
    deleteDataset: unary(async (request) => ({ bytesFreed: cache.delete(request.datasetId) })),
    readDataset: serverStream(async function* (request) {
      yield* readFileChunks(cache.find(request.datasetId), request.offset);
    }),
    listQueryJobs: unary(async (request) => {
      await settleJobs(jobs, services.warehouse, services.pricePerTibUsd);
      return { jobs: jobs.list(request.runId) };
    }),
  };
}

async function estimatePair(
  services: FetcherServices,
  request: EstimatePairRequest,
): Promise<EstimatePairResponse> {
  const { warehouse, cache, pricePerTibUsd } = services;
  const { result, bill } = await meterMetadata(async () => {
    const planned = await plan(services, request);
    const bytes = await dryRunAll(warehouse, planned.statements);
    const spec = requireSpec(request.spec);
    const strategies = await estimateStrategies(spec, pairEstimate(planned, bytes), {
      pricePerTibUsd,
      estimate: async (otherSpec) => {
        const other = await plan(services, { ...request, spec: otherSpec });
        return pairEstimate(other, await dryRunAll(warehouse, other.statements));
      },
    });
    return { planned, bytes, strategies };
  });
  const { planned, bytes, strategies } = result;
  const catalogue = catalogueSnapshot(planned.universe);
  const cached = cache.has(planned.pair, planned.datasetId);
  if (cached) await cache.describe(cache.pathOf(planned.pair, planned.datasetId), planned.datasetId);
  return {
    plan: {
      ...pairPlan(planned, { bytes, cached, pricePerTibUsd }),
      strategies,
      catalogueSha256: catalogue.sha256,
    },
    pricePerTibUsd,
    warehouse: warehouse.kind,
    warehouseName: warehouse.name,
    catalogue: Buffer.from(catalogue.json),
    metadataQueries: bill.queries,
    metadataBytes: bill.bytes,
  };
}

function pairEstimate({ rows, statements }: PlannedPair, bytes: readonly bigint[]): PairEstimate {
  const days = statements[0]!.query.sample.range.days?.length ?? 0;
  return { rows, days, bytes: bytes.reduce((sum, each) => sum + each, 0n) };
}

function plan(
  services: FetcherServices,
  request: { spec?: EstimatePairRequest['spec']; pair: string },
): Promise<PlannedPair> {
  requirePair(request.pair);
  return planPair(services.warehouse, request.pair, requireSpec(request.spec), services.rules);
}

function requireSpec(spec: EstimatePairRequest['spec']): ResolvedRunSpec {
  if (spec) return resolveRunSpec(spec);
  throw new OnescanError('INVALID_ARGUMENT', 'spec: missing', {
    remedy: 'Send the run spec with the request',
  });
}

async function* fetchPair(
  services: FetcherServices,
  request: FetchPairRequest,
  signal: AbortSignal,
): AsyncGenerator<FetchPairResponse, void, undefined> {
  let progress = (): FetchProgressNow => ({ stage: 'query', done: 0, total: 0 });
  const attributes = {
    [ATTRIBUTE.runId]: request.runId,
    [ATTRIBUTE.pair]: request.pair,
    [ATTRIBUTE.planHash]: request.planHash,
  };
  const parent = contextFromTraceparent(request.traceparent);
  const work = withSpan(SPAN.fetchPair, { parent, attributes }, async (span) => {
    const ref = await getDataset(services, request, signal, (now) => {
      progress = now;
    });
    span.setAttributes({
      [ATTRIBUTE.datasetId]: ref.datasetId,
      [ATTRIBUTE.datasetCached]: ref.cached,
      [ATTRIBUTE.rows]: ref.rows,
      [ATTRIBUTE.columns]: ref.columns,
      [ATTRIBUTE.statements]: ref.statementsRun,
      [ATTRIBUTE.bytesBilled]: Number(ref.bytesBilled),
      [ATTRIBUTE.usd]: ref.usd,
    });
    return ref;
  });
  yield* streamProgress(work, () => progress());
}

/** The dataset of a request: from the cache, or fetched once however many ask for it. */
async function getDataset(
  services: FetcherServices,
  request: FetchPairRequest,
  signal: AbortSignal,
  report: (progress: () => FetchProgressNow) => void,
): Promise<DatasetRef> {
  if (request.cachedOnly && request.datasetId !== '') {
    requireCached(services, request.pair, request.datasetId);
    return cachedDataset(services, request.pair, request.datasetId, report);
  }
  const planned = await plan(services, request);
  requireApproved(planned, request);
  if (services.cache.has(planned.pair, planned.datasetId)) {
    return cachedDataset(services, planned.pair, planned.datasetId, report);
  }
  if (request.cachedOnly) requireCached(services, planned.pair, planned.datasetId);
  const maximumBytesBilled = await requireWithinBudget(services, planned, request.maximumBytesBilled);
  await services.fetches.whenJoinable(planned.datasetId);
  // Another caller may have finished it meanwhile.
  if (services.cache.has(planned.pair, planned.datasetId)) {
    return cachedDataset(services, planned.pair, planned.datasetId, report);
  }
  const { runId, planHash } = request;
  const ticket = services.fetches.join(planned.datasetId, signal, (shared, onProgress) =>
    fetchDataset(services, {
      planned,
      runId,
      planHash,
      maximumBytesBilled,
      ...(request.remainingBytes === undefined ? {} : { remainingBytes: request.remainingBytes }),
      signal: shared,
      onProgress: (stage, done, total) => onProgress({ stage, done, total }),
    }),
  );
  report(ticket.progress);
  return describeFetched(services, await ticket.result, ticket.started);
}

async function describeFetched(
  services: FetcherServices,
  fetched: Fetched,
  started: boolean,
): Promise<DatasetRef> {
  const { ref } = await services.cache.describe(fetched.path);
  // Who joined another's fetch paid nothing for it.
  return started
    ? {
        ...ref,
        cached: false,
        statementsRun: fetched.statementsRun,
        bytesBilled: fetched.bytesBilled,
        usd: fetched.usd,
      }
    : unbilled(ref);
}

async function cachedDataset(
  { cache }: FetcherServices,
  pair: string,
  datasetId: string,
  report: (progress: () => FetchProgressNow) => void,
): Promise<DatasetRef> {
  const path = cache.pathOf(pair, datasetId);
  const { ref } = await cache.describe(path, datasetId);
  let now: FetchProgressNow = { stage: 'verify', done: 0, total: ref.columns };
  report(() => now);
  await cache.requireWhole(path, (done, total) => {
    now = { stage: 'verify', done, total };
  });
  return unbilled(ref);
}

function unbilled(ref: DatasetRef): DatasetRef {
  return { ...ref, cached: true, statementsRun: 0, bytesBilled: 0n, usd: 0 };
}

function requireApproved(planned: PlannedPair, request: FetchPairRequest): void {
  if (request.datasetId === '' || request.datasetId === planned.datasetId) return;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `the warehouse changed since the plan was approved: ${planned.pair} was to give dataset ${request.datasetId.slice(0, 16)}, now it gives ${planned.datasetId.slice(0, 16)}`,
    {
      remedy: 'Plan the run again and approve the new plan',
      details: { pair: planned.pair, approved: request.datasetId, now: planned.datasetId },
    },
  );
}

function requireCached({ cache }: FetcherServices, pair: string, datasetId: string): void {
  if (cache.has(pair, datasetId)) return;
  throw new OnescanError('FAILED_PRECONDITION', `dataset ${datasetId} of ${pair} is not cached`, {
    remedy: 'Start a new run, which plans and fetches it, instead of a rerun',
    details: { pair, datasetId },
  });
}

/** Estimates of statements in order; the warehouse takes a few at a time. */
async function dryRunAll(warehouse: Warehouse, statements: readonly PlannedStatement[]): Promise<bigint[]> {
  const bytes: bigint[] = [];
  for (const { statement } of statements) bytes.push((await warehouse.dryRun(statement)).bytes);
  return bytes;
}

/** Dry-runs the statements again; the approved limits of their bytes. Throws RESOURCE_EXHAUSTED above one. */
async function requireWithinBudget(
  { warehouse }: FetcherServices,
  planned: PlannedPair,
  limits: readonly bigint[],
): Promise<readonly bigint[]> {
  const { pair, statements } = planned;
  if (limits.length !== statements.length) {
    const count = `${statements.length} statement${statements.length === 1 ? '' : 's'}`;
    throw new OnescanError(
      'INVALID_ARGUMENT',
      `maximum_bytes_billed: ${limits.length} limits for ${count} of ${pair}`,
      { remedy: 'Send the limits of the approved plan, one for each statement' },
    );
  }
  const bytes = await dryRunAll(warehouse, statements);
  const over = bytes.findIndex((each, i) => each > limits[i]!);
  if (over < 0) return limits;
  const which = statements.length === 1 ? 'the statement' : `statement ${over + 1} of ${statements.length}`;
  throw new OnescanError(
    'RESOURCE_EXHAUSTED',
    `${which} of ${pair} would bill ${bytes[over]} bytes, the approved limit is ${limits[over]}`,
    {
      remedy: 'Plan the run again and approve the new estimate, or raise the budget',
      details: { pair, bytes: Number(bytes[over]), limit: Number(limits[over]) },
    },
  );
}
