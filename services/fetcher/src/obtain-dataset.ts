import { SHARED_PAIR } from '@onescan/shared/dataset/dataset.js';
import type { DatasetRef, FetchPairRequest } from '@onescan/shared/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { dryRunAll, planRequest, requireSpec, viewOf } from './estimate.js';
import { type Fetched, fetchDataset } from './fetch/fetch-dataset.js';
import type { FetchProgressNow } from './fetch/shared-fetches.js';
import type { FetcherServices } from './fetcher-service.js';
import type { PlannedPair } from './planning/plan-pair.js';
import { planShared } from './planning/plan-shared.js';
import type { WarehouseView } from './warehouse/warehouse.js';

/**
 * The dataset of a request, after the shared one that it refers to: from the cache, or fetched once however many ask
 * for it.
 */
export async function obtainDataset(
  services: FetcherServices,
  request: FetchPairRequest,
  signal: AbortSignal,
  report: Report,
): Promise<DatasetRef> {
  const { runId, pair, planHash, datasetId, sharedDatasetId, cachedOnly } = request;
  const view = viewOf(services.warehouse, { fetch: { runId, pair, planHash } });
  const caller = { request, view, signal, report };
  const shared = sharedDatasetId === '' ? undefined : await obtainShared(services, caller);
  if (datasetId !== '' && (cachedOnly || services.cache.has(pair, datasetId))) {
    requireCached(services, pair, datasetId);
    return withShared(await cachedDataset(services, pair, datasetId, report), shared);
  }
  const planned = await planRequest(view, services.rules, request);
  requireApproved(planned, datasetId);
  const spent = shared?.statementsRun ? shared.bytesBilled : 0n;
  const wanted = { planned, limits: request.maximumBytesBilled, spent };
  return withShared(await obtain(services, wanted, caller), shared);
}

async function obtainShared(services: FetcherServices, caller: Caller): Promise<DatasetRef> {
  const { sharedDatasetId: datasetId, sharedMaximumBytesBilled: limits, spec, cachedOnly } = caller.request;
  if (services.cache.has(SHARED_PAIR, datasetId)) {
    return cachedDataset(services, SHARED_PAIR, datasetId, caller.report);
  }
  if (cachedOnly) requireCached(services, SHARED_PAIR, datasetId);
  const planned = await planShared(caller.view, requireSpec(spec), services.rules);
  if (!planned) {
    throw new OnescanError('FAILED_PRECONDITION', 'the shared groups have no columns any more', {
      remedy: 'Resume the run: what it lacks is planned again and waits for approval',
    });
  }
  requireApproved(planned, datasetId);
  return obtain(services, { planned, limits, spent: 0n }, caller);
}

function withShared(ref: DatasetRef, shared: DatasetRef | undefined): DatasetRef {
  return shared ? { ...ref, shared } : ref;
}

type Report = (progress: () => FetchProgressNow) => void;

/** Who asks for a dataset. */
interface Caller {
  readonly request: FetchPairRequest;
  /** The warehouse as it is now: what was approved must still be there. */
  readonly view: WarehouseView;
  readonly signal: AbortSignal;
  readonly report: Report;
}

/** A planned dataset, the approved limits of its statements, and what was billed for the request before. */
interface Wanted {
  readonly planned: PlannedPair;
  readonly limits: readonly bigint[];
  readonly spent: bigint;
}

async function obtain(
  services: FetcherServices,
  { planned, limits, spent }: Wanted,
  { request, view, signal, report }: Caller,
): Promise<DatasetRef> {
  const { pair, datasetId } = planned;
  if (services.cache.has(pair, datasetId)) return cachedDataset(services, pair, datasetId, report);
  if (request.cachedOnly) requireCached(services, pair, datasetId);
  const maximumBytesBilled = await requireWithinBudget(view, planned, limits);
  await services.fetches.whenJoinable(datasetId);
  // Another caller may have finished it meanwhile.
  if (services.cache.has(pair, datasetId)) return cachedDataset(services, pair, datasetId, report);
  // Cancelled while it was planned: a fetch that nobody wants would run, and bill, through its grace.
  signal.throwIfAborted();
  const { runId, planHash, pair: forPair, remainingBytes: left } = request;
  const ticket = services.fetches.join(datasetId, signal, (shared, onProgress) =>
    fetchDataset(services, {
      planned,
      runId,
      forPair,
      planHash,
      maximumBytesBilled,
      ...(left === undefined ? {} : { remainingBytes: left > spent ? left - spent : 0n }),
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
  report: Report,
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

function requireApproved(planned: PlannedPair, approved: string): void {
  if (approved === '' || approved === planned.datasetId) return;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `the warehouse changed since the plan was approved: ${planned.pair} was to give dataset ${approved.slice(0, 16)}, now it gives ${planned.datasetId.slice(0, 16)}`,
    {
      remedy: 'Resume the run: what it lacks is planned again and waits for approval',
      details: { pair: planned.pair, approved, now: planned.datasetId },
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

/** Dry-runs the statements again; the approved limits of their bytes. Throws RESOURCE_EXHAUSTED above one. */
async function requireWithinBudget(
  view: WarehouseView,
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
  const { bytes } = await dryRunAll(view, statements);
  const over = bytes.findIndex((each, i) => each > limits[i]!);
  if (over < 0) return limits;
  const which = statements.length === 1 ? 'the statement' : `statement ${over + 1} of ${statements.length}`;
  throw new OnescanError(
    'RESOURCE_EXHAUSTED',
    `${which} of ${pair} would bill ${bytes[over]} bytes, the approved limit is ${limits[over]}`,
    {
      remedy: 'Resume the run: what it lacks is planned again and waits for approval',
      details: { pair, bytes: Number(bytes[over]), limit: Number(limits[over]) },
    },
  );
}
