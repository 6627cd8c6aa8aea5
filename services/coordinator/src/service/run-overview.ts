import type { Run } from '@onescan/shared/generated/onescan/v1/coordinator.js';

/**
 * A run as it stands in the list of all runs: without the columns that its plan does not test, of which there are
 * thousands, so that many runs fit into one message. GetRun has them.
 */
export function runOverview(run: Run): Run {
  if (!run.plan) return run;
  const pairs = run.plan.pairs.map((pair) => ({ ...pair, exclusions: [] }));
  return { ...run, plan: { ...run.plan, pairs } };
}
