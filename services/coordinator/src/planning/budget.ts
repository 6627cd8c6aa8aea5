import { formatUsd } from '@onescan/shared/format/usd.js';
import type { Plan } from '@onescan/shared/generated/onescan/v1/plan.js';

/** Dollars below which a difference is rounding: sums of dozens of doubles. */
const ROUNDING_USD = 1e-9;

/** Why a plan is over its budget; undefined when it is within. */
export function budgetProblem(plan: Pick<Plan, 'usd' | 'budgetUsd'>): string | undefined {
  if (plan.usd <= plan.budgetUsd + ROUNDING_USD) return undefined;
  return `the estimate of ${formatUsd(plan.usd)} is over the budget of ${formatUsd(plan.budgetUsd)}`;
}

/**
 * Why fetching one more pair would break the budget, given what has really been billed so far; undefined
 * when it would not. Retries and restarts can bill a pair twice, which the plan could not foresee.
 */
export function spendingProblem(spent: {
  billedUsd: number;
  nextUsd: number;
  budgetUsd: number;
}): string | undefined {
  if (spent.billedUsd + spent.nextUsd <= spent.budgetUsd + ROUNDING_USD) return undefined;
  const billed = `${formatUsd(spent.billedUsd)} billed so far and ${formatUsd(spent.nextUsd)} estimated`;
  return `${billed} would be over the budget of ${formatUsd(spent.budgetUsd)}`;
}
