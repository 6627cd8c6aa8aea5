import { sha256Hex } from '@onescan/contract/canonical-json.js';
import type { DatasetRef, FetchPairRequest } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { requirePair } from '@onescan/contract/pair.js';
import { SHARED_PAIR } from '@onescan/dataset/dataset.js';
import { deriveDataset } from './deriving/derive-dataset.js';
import type { HeldDataset } from './deriving/held-dataset.js';
import { planWithin } from './deriving/plan-within.js';
import { cachedDataset, describeFetched, type Report, unbilled } from './describe-dataset.js';
import { dryRunsOf, notCached, planRequest, requireSpec, viewOf } from './estimate.js';
import { grantedTo } from './fetch/fetch-grants.js';
import { fetchSplitting } from './fetch/fetch-splitting.js';
import type { FetchProgressNow } from './fetch/shared-fetches.js';
import type { FetcherServices } from './fetcher-services.js';
import { type DatasetIdentity, identityText } from './planning/dataset-identity.js';
import type { PlannedPair, PlanningRules } from './planning/plan-pair.js';
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
  { report, enter }: ObtainHooks,
): Promise<DatasetRef> {
  const { runId, pair, planHash, datasetId, sharedDatasetId, cachedOnly, withinDatasetId } = request;
  const view = viewOf(services.warehouse, { fetch: { runId, pair, planHash } }, signal);
  const caller = { request, view, signal, report, enter, granted: grantedTo(services.grants, request) };
  const shared = sharedDatasetId === '' ? undefined : await obtainShared(services, caller);
  if (datasetId !== '' && services.cache.has(pair, datasetId)) {
    return withShared(await cachedDataset(services, pair, datasetId, report), shared);
  }
  if (withinDatasetId) return withShared(await obtainWithin(services, caller), shared);
  if (datasetId !== '' && cachedOnly) throw notCached(pair, datasetId);
  caller.granted();
  const planned = await planRequest(view, asApproved(services), request);
  requireApproved(planned, datasetId);
  const spent = shared?.statementsRun ? shared.bytesBilled : 0n;
  const sqlSha256 = request.approvedStatements?.sqlSha256;
  const wanted = { planned, limits: request.maximumBytesBilled, sqlSha256, spent };
  return withShared(await obtain(services, wanted, caller), shared);
}

/** Planning before an approved fetch: what passed then is asked for again, whatever other statements met since. */
function asApproved({ rules }: FetcherServices): PlanningRules {
  return { ...rules, presume: false };
}

async function obtainShared(services: FetcherServices, caller: Caller): Promise<DatasetRef> {
  const { sharedDatasetId: datasetId, sharedMaximumBytesBilled: limits, spec, cachedOnly } = caller.request;
  const isFree = Boolean(caller.request.sharedWithinDatasetId);
  if (services.cache.has(SHARED_PAIR, datasetId)) {
    return cachedDataset(services, SHARED_PAIR, datasetId, caller.report);
  }
  if (cachedOnly) throw notCached(SHARED_PAIR, datasetId);
  caller.granted();
  const planned = await planShared(caller.view, requireSpec(spec), asApproved(services));
  if (!planned) {
    throw new OnescanError('FAILED_PRECONDITION', 'the shared groups have no columns any more', {
      remedy: 'Resume the run: what it lacks is planned again and waits for approval',
    });
  }
  requireApproved(planned, datasetId);
  const sqlSha256 = caller.request.approvedStatements?.sharedSqlSha256;
  return obtain(services, { planned, limits, sqlSha256, spent: 0n, isFree }, caller);
}

function withShared(ref: DatasetRef, shared: DatasetRef | undefined): DatasetRef {
  return shared ? { ...ref, shared } : ref;
}

/** What a caller is told. */
export interface ObtainHooks {
  readonly report: Report;
  /** The work that it started is in a stage now. */
  enter(stage: string): void;
}

/** Who asks for a dataset. */
interface Caller extends ObtainHooks {
  readonly request: FetchPairRequest;
  /** The warehouse as it is now: what was approved must still be there. */
  readonly view: WarehouseView;
  readonly signal: AbortSignal;
  /** Called before anything is asked of the warehouse: what the run may bill in all, undefined for no bound. */
  granted(): bigint | undefined;
}

/** A planned dataset, the approved limits of its statements, and what was billed for the request before. */
interface Wanted {
  readonly planned: PlannedPair;
  readonly limits: readonly bigint[];
  /** Of the approved statements; undefined when the plan is not known. */
  readonly sqlSha256?: readonly string[] | undefined;
  readonly spent: bigint;
  /** True when the plan says that no statement is needed. */
  readonly isFree?: boolean;
}

async function obtain(
  services: FetcherServices,
  { planned, limits, sqlSha256, spent, isFree }: Wanted,
  { request, signal, report, enter, granted }: Caller,
): Promise<DatasetRef> {
  const { pair, datasetId } = planned;
  if (services.cache.has(pair, datasetId)) return cachedDataset(services, pair, datasetId, report);
  if (request.cachedOnly) throw notCached(pair, datasetId);
  const { held } = await services.covering.find(planned.facts);
  if (held) return derive(services, { held, wanted: planned.facts }, { signal, report, enter });
  if (isFree) throw goneCovering(pair, datasetId);
  requireStatements(planned, sqlSha256);
  const maximumBytesBilled = requireWithinBudget(planned, limits);
  await services.fetches.whenJoinable(datasetId);
  // Another caller may have finished it meanwhile.
  if (services.cache.has(pair, datasetId)) return cachedDataset(services, pair, datasetId, report);
  // Cancelled while it was planned: a fetch that nobody wants would run, and bill, through its grace.
  signal.throwIfAborted();
  const { runId, planHash, pair: forPair, remainingBytes: left } = request;
  const grantedBytes = granted();
  const ticket = services.fetches.join(datasetId, signal, (shared, onProgress) =>
    fetchSplitting(services, {
      planned,
      runId,
      forPair,
      planHash,
      maximumBytesBilled,
      ...(grantedBytes === undefined ? {} : { grantedBytes }),
      ...(left === undefined ? {} : { remainingBytes: left > spent ? left - spent : 0n }),
      signal: shared,
      onProgress: (stage, done, total) => {
        enter(stage);
        onProgress({ stage, done, total });
      },
    }),
  );
  report(ticket.progress);
  return describeFetched(services, await ticket.result, ticket.started);
}

/**
 * A dataset that was planned to be made of a larger one: of that, or of another which holds it.
 *
 * @throws OnescanError FAILED_PRECONDITION when none does any more: nothing was approved to be paid for it
 */
async function obtainWithin(services: FetcherServices, caller: Caller): Promise<DatasetRef> {
  const { request, signal, report, enter } = caller;
  const { pair, datasetId, sharedDatasetId, withinDatasetId } = request;
  const { covering, rules } = services;
  requirePair(pair);
  const spec = requireSpec(request.spec);
  const damages: string[] = [];
  for (const held of await covering.list(pair, withinDatasetId)) {
    const wanted = within(held, spec, { rules, sharedDatasetId });
    if (!wanted || identityText(wanted).datasetId !== datasetId) continue;
    let now: FetchProgressNow = { stage: 'verify', done: 0, total: held.columns.size };
    report(() => now);
    enter('verify');
    const damage = await covering.damageOf(held, (done, total) => {
      now = { stage: 'verify', done, total };
    });
    if (damage === undefined) return derive(services, { held, wanted }, { signal, report, enter });
    damages.push(damage);
  }
  if (request.cachedOnly && damages.length === 0) throw notCached(pair, datasetId);
  if (request.cachedOnly || damages.length > 0) throw goneCovering(pair, datasetId, damages);
  return obtainCovered(services, caller);
}

/** The same by a plan against the warehouse, for what a dataset does not tell of it; still without a statement. */
async function obtainCovered(services: FetcherServices, caller: Caller): Promise<DatasetRef> {
  caller.granted();
  const planned = await planRequest(caller.view, services.rules, caller.request);
  requireApproved(planned, caller.request.datasetId);
  return obtain(services, { planned, limits: [], spent: 0n, isFree: true }, caller);
}

/** What a spec asks for within a dataset; undefined when the dataset does not hold it. */
function within(...plan: Parameters<typeof planWithin>): DatasetIdentity | undefined {
  try {
    return planWithin(...plan).wanted;
  } catch (thrown) {
    const error = OnescanError.from(thrown);
    if (error.code === 'INVALID_ARGUMENT' || error.code === 'FAILED_PRECONDITION') return undefined;
    throw error;
  }
}

async function derive(
  services: FetcherServices,
  { held, wanted }: { held: HeldDataset; wanted: DatasetIdentity },
  { signal, report, enter }: Pick<Caller, 'signal' | 'report' | 'enter'>,
): Promise<DatasetRef> {
  const { cache, fetches } = services;
  const { datasetId } = identityText(wanted);
  await fetches.whenJoinable(datasetId);
  if (cache.has(wanted.pair, datasetId)) return cachedDataset(services, wanted.pair, datasetId, report);
  signal.throwIfAborted();
  const ticket = fetches.join(datasetId, signal, (shared, onProgress) =>
    deriveDataset(cache, {
      held,
      wanted,
      signal: shared,
      onProgress: (stage, done, total) => {
        enter(stage);
        onProgress({ stage, done, total });
      },
    }),
  );
  report(ticket.progress);
  const { path } = await ticket.result;
  return unbilled((await cache.describe(path)).ref);
}

function goneCovering(pair: string, datasetId: string, damages: readonly string[] = []): OnescanError {
  const why = damages.length > 0 ? `: ${damages.join('; ')}` : '';
  return new OnescanError(
    'FAILED_PRECONDITION',
    `the dataset of which ${datasetId.slice(0, 16)} of ${pair} was to be made is not there any more${why}`,
    {
      remedy: 'Resume the run: what it lacks is planned again and waits for approval',
      details: { pair, datasetId },
    },
  );
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

/** Throws FAILED_PRECONDITION when the statements are others than those that were approved. */
function requireStatements({ pair, statements }: PlannedPair, approved: readonly string[] | undefined): void {
  const now = statements.map(({ statement }) => sha256Hex(statement.sql));
  if (!approved || now.join() === approved.join()) return;
  const [count, before] = [now.length, approved.length];
  throw new OnescanError(
    'FAILED_PRECONDITION',
    count === before
      ? `the statements of ${pair} are others than those that were approved`
      : `the warehouse takes ${pair} in ${count} statement${count === 1 ? '' : 's'} now, ${before} ${before === 1 ? 'was' : 'were'} approved`,
    {
      remedy: 'Resume the run: what it lacks is planned again and waits for approval',
      details: { pair, statements: count, approved: before },
    },
  );
}

/** The approved limits of the statements' bytes. Throws RESOURCE_EXHAUSTED when one would bill more now. */
function requireWithinBudget(planned: PlannedPair, limits: readonly bigint[]): readonly bigint[] {
  const { pair, statements } = planned;
  if (limits.length !== statements.length) {
    const count = `${statements.length} statement${statements.length === 1 ? '' : 's'}`;
    throw new OnescanError(
      'INVALID_ARGUMENT',
      `maximum_bytes_billed: ${limits.length} limits for ${count} of ${pair}`,
      { remedy: 'Send the limits of the approved plan, one for each statement' },
    );
  }
  const { bytes } = dryRunsOf(planned);
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
