import { canonicalJson, sha256Hex } from '@onescan/shared/canonical-json.js';
import type { PairPlan, Plan } from '@onescan/shared/generated/onescan/v1/plan.js';

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
      pricePerTibUsd: plan.pricePerTibUsd,
      pairs: plan.pairs.map(pairContent),
    }),
  );
}

function pairContent(pair: PairPlan): Omit<PairPlan, 'cached' | 'warnings'> {
  const { cached: _cached, warnings: _warnings, ...content } = pair;
  return content;
}
