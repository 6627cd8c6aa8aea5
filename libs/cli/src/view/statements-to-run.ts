import type { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';

/** Statements that a run of this plan will send to the warehouse. */
export function statementsToRun(plan: Plan): number {
  const datasets = plan.shared ? [plan.shared, ...plan.pairs] : plan.pairs;
  return datasets.reduce((sum, { cached, statements: each }) => sum + (cached ? 0 : each.length), 0);
}
