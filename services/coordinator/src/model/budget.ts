import type { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { ReasonOf } from '@onescan/contract/reasons/reason.js';

/** Dollars below which a difference is rounding: sums of dozens of doubles. */
const ROUNDING_USD = 1e-9;

type PlanCost = Pick<Plan, 'usd' | 'alreadyBilledUsd' | 'bytes' | 'alreadyBilledBytes'>;

/** What a run may be billed in all once its plan is approved: what it was billed before, and the estimate. */
export function approvedTotal(plan: PlanCost): { bytes: bigint; usd: number } {
  return { bytes: plan.alreadyBilledBytes + plan.bytes, usd: plan.alreadyBilledUsd + plan.usd };
}

/** Why a plan is over its budget, by what planning itself was billed too; undefined when it is within. */
export function budgetProblem(
  plan: PlanCost & Pick<Plan, 'budgetUsd' | 'metadataUsd'>,
): ReasonOf<'over_budget'> | undefined {
  const { usd } = approvedTotal(plan);
  if (usd + plan.metadataUsd <= plan.budgetUsd + ROUNDING_USD) return undefined;
  const { metadataUsd: planningUsd, budgetUsd } = plan;
  return { code: 'over_budget', facts: { ...costFacts(plan), planningUsd, budgetUsd } };
}

/** Why a plan may not be approved by nobody; undefined when it may. */
export function autoApproveProblem(plan: PlanCost, limitUsd: number): ReasonOf<'needs_a_person'> | undefined {
  const { usd } = approvedTotal(plan);
  if (usd <= limitUsd + ROUNDING_USD) return undefined;
  return { code: 'needs_a_person', facts: { ...costFacts(plan), limitUsd } };
}

/** Why the rest of a run cannot be fetched under its approval; undefined when it can. */
export function approvalProblem(cost: {
  approvedBytes: bigint;
  billedBytes: bigint;
  neededBytes: bigint;
}): ReasonOf<'approval_used_up'> | undefined {
  if (cost.billedBytes + cost.neededBytes <= cost.approvedBytes) return undefined;
  const { billedBytes, approvedBytes, neededBytes } = cost;
  const facts = {
    billedBytes: Number(billedBytes),
    approvedBytes: Number(approvedBytes),
    neededBytes: Number(neededBytes),
  };
  return { code: 'approval_used_up', facts };
}

function costFacts({ usd, alreadyBilledUsd }: PlanCost): { usd: number; billedUsd: number } {
  return { usd, billedUsd: alreadyBilledUsd };
}
