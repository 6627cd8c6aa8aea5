import { canonicalJson, sha256Hex } from '@onescan/contract/canonical-json.js';
import type {
  EstimatePairRequest,
  EstimatePairResponse,
  EstimateSharedRequest,
  EstimateSharedResponse,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan, PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { requirePair } from '@onescan/contract/pair.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import { type ResolvedRunSpec, resolveRunSpec } from '@onescan/contract/run-spec.js';
import { SHARED_PAIR } from '@onescan/dataset/dataset.js';
import { missedReason } from '@onescan/dataset/missed-tables.js';
import { roundedReason } from '@onescan/dataset/rounded-columns.js';
import type { DatasetCache } from './cache/dataset-cache.js';
import { requirePairNames } from './cache/dataset-names.js';
import { diskNotes, plannedSize } from './cache/disk-room.js';
import { type CatalogueTable, tableText } from './catalogue/catalogue.js';
import { planWithin } from './deriving/plan-within.js';
import type { FetcherServices } from './fetcher-services.js';
import { meterMetadata } from './jobs/metadata-bill.js';
import { identityText } from './planning/dataset-identity.js';
import { pairPlan, pairPlanWithin } from './planning/pair-plan.js';
import { type PlannedPair, type PlanningRules, planPair } from './planning/plan-pair.js';
import { planShared, sharedPlan } from './planning/plan-shared.js';
import { readSampleRows } from './planning/sample-rows.js';
import { estimateStrategies, type PairEstimate } from './planning/strategy-estimates.js';
import type { Universe, UniverseColumn } from './universe/universe.js';
import { cancellable } from './warehouse/cancellable-view.js';
import type { ViewScope, Warehouse, WarehouseView } from './warehouse/warehouse.js';

/** Dry-runs the statements of a pair, and those of what it is compared with. Only metadata queries are billed. */
export async function estimatePair(
  services: FetcherServices,
  request: EstimatePairRequest,
  signal: AbortSignal,
): Promise<EstimatePairResponse> {
  const { warehouse, pricePerTibUsd, rules } = services;
  requirePairNames(request);
  if (request.withinDatasetId) return estimateWithin(services, request, request.withinDatasetId);
  const view = viewOf(warehouse, scopeOf(request), signal);
  const { result, bill } = await meterMetadata(async () => {
    const planned = await planRequest(view, rules, request);
    const dryRuns = dryRunsOf(planned);
    const spec = requireSpec(request.spec);
    if (request.bytesOnly) return { planned, dryRuns, strategies: [], perPair: {}, sampleRows: undefined };
    const strategies = await estimateStrategies(spec, pairEstimate(planned, dryRuns), {
      pricePerTibUsd,
      estimate: async (otherSpec) => {
        const other = await planRequest(view, rules, { ...request, spec: otherSpec });
        return pairEstimate(other, dryRunsOf(other));
      },
    });
    const sampleRows = await readSampleRows(view, planned, spec.horizons);
    return {
      planned,
      dryRuns,
      strategies,
      perPair: await estimatePerPair(view, rules, request),
      ...(sampleRows ? { sampleRows } : {}),
    };
  });
  const { planned, dryRuns, strategies, perPair, sampleRows } = result;
  const catalogue = catalogueSnapshot(planned.universe);
  const there = await whatIsThere(services, planned);
  const notes = [...planned.notes, ...dryRuns.notes, ...there.notes];
  return {
    plan: {
      ...pairPlan({ ...planned, notes }, { ...there, bytes: dryRuns.bytes, pricePerTibUsd }),
      strategies,
      catalogueSha256: catalogue.sha256,
      ...perPair,
    },
    pricePerTibUsd,
    warehouse: warehouse.kind,
    warehouseName: warehouse.name,
    catalogue: Buffer.from(catalogue.json),
    metadataQueries: bill.queries,
    metadataBytes: bill.bytes,
    ...(sampleRows ? { sampleRows } : {}),
  };
}

function pairEstimate({ rows, statements }: PlannedPair, dryRuns: DryRuns): PairEstimate {
  const days = statements[0]!.query.sample.range.days?.length ?? 0;
  return { rows, days, bytes: sumOf(dryRuns) };
}

function sumOf({ bytes }: DryRuns): bigint {
  return bytes.reduce((sum, each) => sum + each, 0n);
}

/** What the pair would bill if it fetched the shared groups itself; nothing when it does. */
async function estimatePerPair(
  view: WarehouseView,
  rules: PlanningRules,
  request: EstimatePairRequest,
): Promise<Partial<PairPlan>> {
  if (request.sharedDatasetId === '') return {};
  const whole = await planRequest(view, rules, { ...request, sharedDatasetId: '' });
  return { perPairBytes: sumOf(dryRunsOf(whole)), perPairStatements: whole.statements.length };
}

/** Dry-runs the statements of what all pairs share. Only metadata queries are billed. */
export async function estimateShared(
  services: FetcherServices,
  request: EstimateSharedRequest,
  signal: AbortSignal,
): Promise<EstimateSharedResponse> {
  const { warehouse, pricePerTibUsd, rules } = services;
  const view = viewOf(warehouse, scopeOf(request), signal);
  const answer = { pricePerTibUsd, warehouse: warehouse.kind };
  const spec = requireSpec(request.spec);
  const { result, bill } = await meterMetadata(async () => {
    const planned = await planShared(view, spec, rules);
    if (!planned) return undefined;
    const dryRuns = dryRunsOf(planned);
    if (request.bytesOnly) return { planned, dryRuns, strategies: [] };
    const strategies = await estimateStrategies(spec, pairEstimate(planned, dryRuns), {
      pricePerTibUsd,
      estimate: async (otherSpec) => {
        const other = (await planShared(view, otherSpec, rules))!;
        return pairEstimate(other, dryRunsOf(other));
      },
    });
    return { planned, dryRuns, strategies };
  });
  const metadata = { metadataQueries: bill.queries, metadataBytes: bill.bytes };
  if (!result) return { ...answer, ...metadata };
  const { planned, dryRuns, strategies } = result;
  const there = await whatIsThere(services, planned);
  const notes = [...planned.notes, ...dryRuns.notes, ...there.notes];
  return {
    ...answer,
    ...metadata,
    plan: {
      ...sharedPlan({ ...planned, notes }, { ...there, bytes: dryRuns.bytes, pricePerTibUsd }),
      strategies,
    },
  };
}

/** Plans within a dataset that is there, whatever the warehouse has become. */
async function estimateWithin(
  { warehouse, cache, covering, pricePerTibUsd, rules }: FetcherServices,
  { pair, spec, sharedDatasetId }: EstimatePairRequest,
  withinDatasetId: string,
): Promise<EstimatePairResponse> {
  requirePair(pair);
  const [held] = await covering.list(pair, withinDatasetId);
  if (held?.datasetId !== withinDatasetId) {
    if (!cache.has(pair, withinDatasetId)) throw notCached(pair, withinDatasetId);
    await cache.describe(cache.pathOf(pair, withinDatasetId), withinDatasetId);
    throw ofEarlierVersion(pair, withinDatasetId);
  }
  await cache.requireWhole(held.path, () => undefined);
  const within = planWithin(held, requireSpec(spec), { rules, sharedDatasetId });
  const { datasetId } = identityText(within.wanted);
  const isThere = cache.has(pair, datasetId);
  const notes = [...within.notes, ...(isThere ? await cachedNotes(cache, { pair, datasetId }) : [])];
  return {
    plan: pairPlanWithin({ ...within, notes }, { datasetId, servedFrom: isThere ? '' : withinDatasetId }),
    pricePerTibUsd,
    warehouse: warehouse.kind,
    warehouseName: warehouse.name,
    catalogue: Buffer.alloc(0),
    metadataQueries: 0,
    metadataBytes: 0n,
  };
}

/** The dataset itself, or one that holds all of it; notes on what else could be known of it. */
async function whatIsThere(
  { cache, covering }: FetcherServices,
  planned: PlannedPair,
): Promise<{ cached: boolean; servedFrom?: string; notes: readonly PlanNote[] }> {
  const { pair, datasetId } = planned;
  if (cache.has(pair, datasetId)) {
    // Without the dataset that it refers to it cannot be opened; that is fetched first.
    const isWhole = !planned.shared || cache.has(SHARED_PAIR, planned.shared.datasetId);
    return { cached: true, notes: isWhole ? await cachedNotes(cache, { pair, datasetId }) : [] };
  }
  const { held, notes } = await covering.find(planned.facts);
  const disk = await diskNotes(cache.folder, plannedSize(planned));
  return {
    cached: held !== undefined,
    ...(held ? { servedFrom: held.datasetId } : {}),
    notes: [...notes, ...disk],
  };
}

/** What a dataset that is there tells before it is fetched. Throws DATA_LOSS on damage. */
async function cachedNotes(
  cache: DatasetCache,
  { pair, datasetId }: Pick<PlannedPair, 'pair' | 'datasetId'>,
): Promise<readonly PlanNote[]> {
  const { rounded, missedTables } = (await cache.describe(cache.pathOf(pair, datasetId), datasetId)).ref;
  const missed = missedTables.map((table) => planNote(missedReason(table), table.missed));
  return rounded ? [planNote(roundedReason(rounded), rounded.count), ...missed] : missed;
}

/** Estimates of statements in order, with a note for each that is no bound. */
export interface DryRuns {
  readonly bytes: readonly bigint[];
  readonly notes: readonly PlanNote[];
}

/** What the dry runs of a plan's statements told. */
export function dryRunsOf({ statements }: Pick<PlannedPair, 'statements'>): DryRuns {
  const accuracies = statements.flatMap(({ estimate }) => estimate.accuracy ?? []);
  const notes = accuracies.map((accuracy) => planNote({ code: 'estimate_is_no_bound', facts: { accuracy } }));
  return { bytes: statements.map(({ estimate }) => estimate.bytes), notes };
}

function ofEarlierVersion(pair: string, datasetId: string): OnescanError {
  const text = `dataset ${datasetId} of ${pair} was made by an earlier version of Onescan: no part can be made of it`;
  return new OnescanError('FAILED_PRECONDITION', text, {
    remedy: 'Learn from all of it, or start a new run with `onescan run`',
    details: { pair, datasetId },
  });
}

/** A dataset is asked for that must be there and is not. */
export function notCached(pair: string, datasetId: string): OnescanError {
  return new OnescanError('FAILED_PRECONDITION', `dataset ${datasetId} of ${pair} is not cached`, {
    remedy: 'Start a new run, which plans and fetches it, instead of a rerun',
    details: { pair, datasetId },
  });
}

/** Resolves a request against a view of the warehouse. */
export function planRequest(
  view: WarehouseView,
  rules: PlanningRules,
  request: { spec?: EstimatePairRequest['spec']; pair: string; sharedDatasetId: string },
): Promise<PlannedPair> {
  requirePair(request.pair);
  return planPair(view, request.pair, requireSpec(request.spec), rules, request.sharedDatasetId);
}

/** A consistent view of a warehouse, for as long as whoever asks is there. */
export function viewOf(warehouse: Warehouse, scope: ViewScope, signal: AbortSignal): WarehouseView {
  return cancellable(warehouse.view?.(scope) ?? warehouse, signal);
}

function scopeOf({ planId = '' }: { planId?: string | undefined }): ViewScope {
  return planId === '' ? {} : { planId };
}

export function requireSpec(spec: EstimatePairRequest['spec']): ResolvedRunSpec {
  if (spec) return resolveRunSpec(spec);
  throw new OnescanError('INVALID_ARGUMENT', 'spec: missing', {
    remedy: 'Send the run spec with the request',
  });
}

/**
 * Tables, columns and types of a universe as they were when it was planned: what a later plan is compared with. Tables
 * in order of their names, columns as stored, excluded ones included.
 */
function catalogueSnapshot(universe: Universe): { json: string; sha256: string } {
  const columns = new Map<CatalogueTable, UniverseColumn[]>();
  for (const column of universe.columns) {
    const known = columns.get(column.table);
    if (known) known.push(column);
    else columns.set(column.table, [column]);
  }
  const tables = [...columns].map(([table, own]) => ({
    table: tableText(table),
    group: own[0]!.group,
    columns: own.map(({ column }) => [column.name, column.type]),
  }));
  tables.sort((a, b) => (a.table < b.table ? -1 : 1));
  const json = canonicalJson({ format: 'onescan.catalogue', formatVersion: 1, tables });
  return { json, sha256: sha256Hex(json) };
}
