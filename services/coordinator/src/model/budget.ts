import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import type { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';

/** Dollars below which a difference is rounding: sums of dozens of doubles. */
const ROUNDING_USD = 1e-9;

type PlanCost = Pick<Plan, 'usd' | 'alreadyBilledUsd' | 'bytes' | 'alreadyBilledBytes'>;

/** What a run may be billed in all once its plan is approved: what it was billed before, and the estimate. */
export function approvedTotal(plan: PlanCost): { bytes: bigint; usd: number } {
  return { bytes: plan.alreadyBilledBytes + plan.bytes, usd: plan.alreadyBilledUsd + plan.usd };
}

/** Why a plan is over its budget, by what planning itself was billed too; undefined when it is within. */
export function budgetProblem(plan: PlanCost & Pick<Plan, 'budgetUsd' | 'metadataUsd'>): string | undefined {
  const { usd } = approvedTotal(plan);
  if (usd + plan.metadataUsd <= plan.budgetUsd + ROUNDING_USD) return undefined;
  const planning = plan.metadataUsd > 0 ? ` with ${formatUsd(plan.metadataUsd)} for planning` : '';
  return `${estimateText(plan)}${planning} is over the budget of ${formatUsd(plan.budgetUsd)}`;
}

/** Why a plan may not be approved by nobody; undefined when it may. */
export function autoApproveProblem(plan: PlanCost, limitUsd: number): string | undefined {
  const { usd } = approvedTotal(plan);
  if (usd <= limitUsd + ROUNDING_USD) return undefined;
  return `${estimateText(plan)} for the whole plan, what follows a pilot included, is over the ${formatUsd(limitUsd)} up to which plans are approved without a person (up --auto-approve; --auto-approve-usd of the coordinator)`;
}

/** Why the rest of a run cannot be fetched under its approval; undefined when it can. */
export function approvalProblem(cost: {
  approvedBytes: bigint;
  billedBytes: bigint;
  neededBytes: bigint;
}): string | undefined {
  if (cost.billedBytes + cost.neededBytes <= cost.approvedBytes) return undefined;
  return `${formatBytes(cost.billedBytes)} were billed of the ${formatBytes(cost.approvedBytes)} that were approved, and what is missing may bill ${formatBytes(cost.neededBytes)}: this needs a new approval`;
}

function estimateText({ usd, alreadyBilledUsd }: PlanCost): string {
  const estimate = `the estimate of ${formatUsd(usd)}`;
  return alreadyBilledUsd > 0 ? `${estimate} and ${formatUsd(alreadyBilledUsd)} billed before` : estimate;
}
