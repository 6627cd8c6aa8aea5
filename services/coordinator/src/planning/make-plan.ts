import type { EstimateSharedResponse } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { type PairPlan, Plan, type SharedPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import type { PairEstimate } from '../fetcher/check-estimate.js';
import { priceOf } from '../model/cost.js';
import { planHash } from './plan-hash.js';

/** Bytes of a TiB, the unit of the price. */

/**
 * Puts the estimates of all pairs, in spec order, together to a plan. The naive cost is that of one
 * statement a pair and horizon: every horizon would scan the pair's bytes again.
 *
 * @throws OnescanError FAILED_PRECONDITION when prices or warehouses differ
 */
export function makePlan(
  spec: ResolvedRunSpec,
  estimates: readonly PairEstimate[],
  shared?: EstimateSharedResponse,
): Plan {
  const first = estimates[0]!;
  for (const estimate of [...estimates, ...(shared ? [shared] : [])]) {
    if (estimate.pricePerTibUsd !== first.pricePerTibUsd || estimate.warehouse !== first.warehouse) {
      throw new OnescanError('FAILED_PRECONDITION', 'the fetcher changed price or warehouse while planning', {
        remedy: 'Plan again',
      });
    }
  }
  return totalPlan(
    estimates.map((estimate) => estimate.plan),
    {
      budgetUsd: spec.budgetUsd,
      pricePerTibUsd: first.pricePerTibUsd,
      warehouse: first.warehouse,
      warehouseName: first.warehouseName,
      horizons: spec.horizons.length,
      metadata: {
        queries: estimates.reduce((sum, each) => sum + each.metadataQueries, shared?.metadataQueries ?? 0),
        bytes: estimates.reduce((sum, each) => sum + each.metadataBytes, shared?.metadataBytes ?? 0n),
      },
      shared: shared?.plan,
    },
  );
}

/** The plan of a rerun: the datasets that the earlier run has, nothing to fetch, nothing to pay. */
export function makeRerunPlan(
  spec: ResolvedRunSpec,
  earlier: { plan: Plan; datasetIds: ReadonlyMap<string, string> },
): Plan {
  const pairs = spec.pairs.map((pair) => {
    const planned = earlier.plan.pairs.find((candidate) => candidate.pair === pair);
    const datasetId = earlier.datasetIds.get(pair);
    if (!planned || !datasetId) {
      throw new OnescanError('FAILED_PRECONDITION', `the earlier run has no dataset of ${pair}`, {
        remedy: 'Start a new run, or resume the earlier one first',
        details: { pair },
      });
    }
    return { ...planned, datasetId, cached: true };
  });
  return totalPlan(pairs, {
    budgetUsd: spec.budgetUsd,
    pricePerTibUsd: earlier.plan.pricePerTibUsd,
    warehouse: earlier.plan.warehouse,
    warehouseName: earlier.plan.warehouseName,
    horizons: spec.horizons.length,
    metadata: { queries: 0, bytes: 0n },
    shared: earlier.plan.shared && { ...earlier.plan.shared, cached: true },
  });
}

function totalPlan(
  pairs: PairPlan[],
  terms: {
    budgetUsd: number;
    pricePerTibUsd: number;
    warehouse: string;
    warehouseName: string;
    horizons: number;
    metadata: { queries: number; bytes: bigint };
    shared: SharedPlan | undefined;
  },
): Plan {
  const { shared } = terms;
  const toFetch = [...pairs, ...(shared ? [shared] : [])].filter(({ cached }) => !cached);
  const whole = (pair: PairPlan): bigint => (shared ? pair.perPairBytes : pair.bytes);
  const statements = (pair: PairPlan): number => (shared ? pair.perPairStatements : pair.statements.length);
  const naiveBytes = pairs.reduce((sum, pair) => sum + whole(pair) * BigInt(terms.horizons), 0n);
  const apart = shared ? pairs.filter(({ cached }) => !cached) : [];
  const perPairBytes = apart.reduce((sum, pair) => sum + whole(pair), 0n);
  const plan = Plan.create({
    pairs,
    budgetUsd: terms.budgetUsd,
    pricePerTibUsd: terms.pricePerTibUsd,
    bytes: toFetch.reduce((sum, pair) => sum + pair.bytes, 0n),
    usd: toFetch.reduce((sum, pair) => sum + pair.usd, 0),
    naiveBytes,
    naiveUsd: priceOf(naiveBytes, terms),
    naiveStatements: pairs.reduce((sum, pair) => sum + statements(pair) * terms.horizons, 0),
    warehouse: terms.warehouse,
    warehouseName: terms.warehouseName,
    shared,
    perPairBytes,
    perPairUsd: priceOf(perPairBytes, terms),
    perPairStatements: apart.reduce((sum, pair) => sum + statements(pair), 0),
    metadataQueries: terms.metadata.queries,
    metadataBytes: terms.metadata.bytes,
    metadataUsd: priceOf(terms.metadata.bytes, terms),
  });
  return { ...plan, planHash: planHash(plan) };
}
