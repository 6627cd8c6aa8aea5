import { SHARED_PAIR } from '@onescan/shared/dataset/dataset.js';
import type {
  EstimatePairRequest,
  EstimatePairResponse,
  EstimateSharedRequest,
  EstimateSharedResponse,
} from '@onescan/shared/generated/onescan/v1/fetcher.js';
import type { PairPlan, PlanNote } from '@onescan/shared/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { requirePair } from '@onescan/shared/pair.js';
import { type ResolvedRunSpec, resolveRunSpec } from '@onescan/shared/run-spec.js';
import type { DatasetCache } from './cache/dataset-cache.js';
import { diskNotes } from './cache/disk-room.js';
import type { FetcherServices } from './fetcher-service.js';
import { meterMetadata } from './jobs/metadata-bill.js';
import { catalogueSnapshot } from './planning/catalogue-snapshot.js';
import { pairPlan } from './planning/pair-plan.js';
import { planNote } from './planning/plan-note.js';
import { type PlannedPair, type PlanningRules, planPair } from './planning/plan-pair.js';
import { planShared, sharedPlan } from './planning/plan-shared.js';
import type { PlannedStatement } from './planning/split-statements.js';
import { estimateStrategies, type PairEstimate } from './planning/strategy-estimates.js';
import type { ViewScope, Warehouse, WarehouseView } from './warehouse/warehouse.js';

/** Dry-runs the statements of a pair, and those of what it is compared with. Only metadata queries are billed. */
export async function estimatePair(
  services: FetcherServices,
  request: EstimatePairRequest,
): Promise<EstimatePairResponse> {
  const { warehouse, cache, pricePerTibUsd, rules } = services;
  const view = viewOf(warehouse, scopeOf(request));
  const { result, bill } = await meterMetadata(async () => {
    const planned = await planRequest(view, rules, request);
    const dryRuns = await dryRunAll(view, planned.statements);
    const spec = requireSpec(request.spec);
    if (request.bytesOnly) return { planned, dryRuns, strategies: [], perPair: {} };
    const strategies = await estimateStrategies(spec, pairEstimate(planned, dryRuns), {
      pricePerTibUsd,
      estimate: async (otherSpec) => {
        const other = await planRequest(view, rules, { ...request, spec: otherSpec });
        return pairEstimate(other, await dryRunAll(view, other.statements));
      },
    });
    return { planned, dryRuns, strategies, perPair: await estimatePerPair(view, rules, request) };
  });
  const { planned, dryRuns, strategies, perPair } = result;
  const catalogue = catalogueSnapshot(planned.universe);
  const cached = await isCached(cache, planned);
  const disk = cached ? [] : await diskNotes(cache.folder, planned);
  const notes = [...planned.notes, ...dryRuns.notes, ...disk];
  return {
    plan: {
      ...pairPlan({ ...planned, notes }, { bytes: dryRuns.bytes, cached, pricePerTibUsd }),
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
  const { statements } = await planRequest(view, rules, { ...request, sharedDatasetId: '' });
  const perPairBytes = sumOf(await dryRunAll(view, statements));
  return { perPairBytes, perPairStatements: statements.length };
}

/** Dry-runs the statements of what all pairs share. Only metadata queries are billed. */
export async function estimateShared(
  services: FetcherServices,
  request: EstimateSharedRequest,
): Promise<EstimateSharedResponse> {
  const { warehouse, cache, pricePerTibUsd, rules } = services;
  const view = viewOf(warehouse, scopeOf(request));
  const answer = { pricePerTibUsd, warehouse: warehouse.kind };
  const spec = requireSpec(request.spec);
  const { result, bill } = await meterMetadata(async () => {
    const planned = await planShared(view, spec, rules);
    if (!planned) return undefined;
    const dryRuns = await dryRunAll(view, planned.statements);
    if (request.bytesOnly) return { planned, dryRuns, strategies: [] };
    const strategies = await estimateStrategies(spec, pairEstimate(planned, dryRuns), {
      pricePerTibUsd,
      estimate: async (otherSpec) => {
        const other = (await planShared(view, otherSpec, rules))!;
        return pairEstimate(other, await dryRunAll(view, other.statements));
      },
    });
    return { planned, dryRuns, strategies };
  });
  const metadata = { metadataQueries: bill.queries, metadataBytes: bill.bytes };
  if (!result) return { ...answer, ...metadata };
  const { planned, dryRuns, strategies } = result;
  const cached = await isCached(cache, planned);
  const disk = cached ? [] : await diskNotes(cache.folder, planned);
  const notes = [...planned.notes, ...dryRuns.notes, ...disk];
  return {
    ...answer,
    ...metadata,
    plan: {
      ...sharedPlan({ ...planned, notes }, { bytes: dryRuns.bytes, cached, pricePerTibUsd }),
      strategies,
    },
  };
}

/** True when the dataset is there. Throws DATA_LOSS on damage. */
async function isCached(cache: DatasetCache, { pair, datasetId, shared }: PlannedPair): Promise<boolean> {
  if (!cache.has(pair, datasetId)) return false;
  // Without the dataset that it refers to it cannot be opened; that is fetched first.
  const isWhole = !shared || cache.has(SHARED_PAIR, shared.datasetId);
  if (isWhole) await cache.describe(cache.pathOf(pair, datasetId), datasetId);
  return true;
}

/** Estimates of statements in order, with a note for each that is no bound. */
export interface DryRuns {
  readonly bytes: readonly bigint[];
  readonly notes: readonly PlanNote[];
}

/** Dry-runs statements one after the other: the warehouse takes a few at a time. */
export async function dryRunAll(
  view: WarehouseView,
  statements: readonly PlannedStatement[],
): Promise<DryRuns> {
  const bytes: bigint[] = [];
  const notes: PlanNote[] = [];
  for (const { statement } of statements) {
    const estimate = await view.dryRun(statement);
    bytes.push(estimate.bytes);
    if (estimate.accuracy === undefined) continue;
    const text = `the warehouse calls its estimate ${estimate.accuracy}: when the statement would bill more it is refused, unbilled`;
    notes.push(planNote('estimate is no bound', text));
  }
  return { bytes, notes };
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

/** A consistent view of a warehouse; itself where asking again costs nothing. */
export function viewOf(warehouse: Warehouse, scope: ViewScope): WarehouseView {
  return warehouse.view?.(scope) ?? warehouse;
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
