import { canonicalJson, sha256Hex } from '@onescan/contract/canonical-json.js';
import type {
  ColumnExclusion,
  PairPlan,
  Plan,
  SharedPlan,
} from '@onescan/contract/generated/onescan/v1/plan.js';

/**
 * SHA-256 of a plan's canonical JSON: what an approval quotes. It covers universe, SQL, rows, bytes, price
 * and budget. What the cache holds is left out, with the totals that depend on it, so that a plan stays
 * approved while its datasets arrive.
 */
export function planHash(plan: Plan): string {
  return sha256Hex(
    canonicalJson({
      warehouse: plan.warehouse,
      budgetUsd: plan.budgetUsd,
      alreadyBilledBytes: plan.alreadyBilledBytes,
      pricePerTibUsd: plan.pricePerTibUsd,
      pairs: plan.pairs.map(pairContent),
      shared: plan.shared && sharedContent(plan.shared),
    }),
  );
}

/** What a pair's plan commits to: codes of exclusions, not their wording; not what the cache holds, what was noted, or what another way would cost. */
function pairContent(pair: PairPlan): object {
  const {
    cached: _cached,
    notes: _notes,
    strategies: _strategies,
    perPairBytes: _bytes,
    perPairStatements: _statements,
    periodRows: _periodRows,
    days: _days,
    dayRows: _dayRows,
    servedFrom: _servedFrom,
    exclusions,
    ...content
  } = pair;
  return { ...content, exclusions: exclusions.map(exclusionContent) };
}

function exclusionContent({ reason, why, ...place }: ColumnExclusion): Partial<ColumnExclusion> {
  return why ? { ...place, why } : { ...place, reason };
}

function sharedContent(shared: SharedPlan): Partial<SharedPlan> {
  const {
    cached: _cached,
    notes: _notes,
    strategies: _strategies,
    servedFrom: _servedFrom,
    ...content
  } = shared;
  return content;
}
