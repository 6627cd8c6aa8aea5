import { formatUsd } from '@onescan/contract/format/usd.js';
import {
  type CoordinatorServiceClient,
  type Run,
  RunState,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { userName } from '@onescan/process/user-name.js';
import type { Invocation } from '../context.js';
import { overBudget } from '../view/over-budget.js';
import type { RunView } from '../view/run-view.js';
import { getRun } from './get-run.js';
import { approveRun } from './start-run.js';

/**
 * Who approves a run that waits: "within-budget" approves the plan (not what follows a pilot) when its estimate is
 * within the budget, or else asks, "ask" asks whoever is there, "wait" leaves it to others.
 */
export type ApprovalBy = 'within-budget' | 'ask' | 'wait';

/**
 * Approves when the options or the person allow it; false when the run is left waiting, which is said with the reason
 * and what to do. A wait that is over already (it was read from the history of the run) needs nothing.
 *
 * @throws OnescanError as the coordinator refuses; RESOURCE_EXHAUSTED above its limit for `--yes` only with `--json`
 */
export async function approveWaiting(
  client: CoordinatorServiceClient,
  view: RunView,
  invocation: Invocation,
  by: ApprovalBy,
): Promise<boolean> {
  const { terminal, global } = invocation;
  const run = await getRun(client, view.runId);
  const { plan } = run;
  if (run.state !== view.state || !plan) return true;
  const problem = overBudget(plan);
  if (problem !== undefined) {
    terminal.note(
      `Run ${view.runId} waits. ${problem}, in another run; this one ends with: onescan cancel ${view.runId}`,
    );
    return false;
  }
  const isPilot = run.state === RunState.RUN_STATE_AWAITING_PILOT_APPROVAL;
  const cost = costText(run, plan, isPilot);
  if (by === 'within-budget' && !isPilot) {
    const approved = await approveByBudget(client, view.runId, { plan, cost, invocation });
    if (approved) return true;
  }
  if (terminal.interactive && !global.json && (await confirm(invocation, `Approve ${cost}?`))) {
    await send(client, view.runId, { plan, approvedBy: userName(), automatic: false });
    return true;
  }
  terminal.note(
    `Run ${view.runId} waits for approval (${cost}). Approve it with: onescan approve ${view.runId} --watch`,
  );
  return false;
}

function costText({ pilot }: Run, plan: Plan, isPilot: boolean): string {
  if (isPilot) return `the rest for ${formatUsd(pilot?.restEstimatedUsd ?? 0)}`;
  const before = plan.alreadyBilledUsd > 0 ? ` after ${formatUsd(plan.alreadyBilledUsd)} billed before,` : '';
  return `${formatUsd(plan.usd)}${before} of ${formatUsd(plan.budgetUsd)}`;
}

/** False, with the reason said, when the coordinator wants a person to look at the plan. */
async function approveByBudget(
  client: CoordinatorServiceClient,
  runId: string,
  { plan, cost, invocation }: { plan: Plan; cost: string; invocation: Invocation },
): Promise<boolean> {
  const { terminal, global } = invocation;
  try {
    await send(client, runId, {
      plan,
      approvedBy: `${userName()} with --yes, within the budget`,
      automatic: true,
    });
  } catch (thrown) {
    const error = OnescanError.from(thrown);
    if (global.json || !('autoApproveUsd' in error.details)) throw error;
    terminal.note(`Not approved by --yes: ${error.message}`);
    return false;
  }
  if (!global.json)
    terminal.note(`Within the budget: approved plan ${plan.planHash.slice(0, 12)} for ${cost}.`);
  return true;
}

async function send(
  client: CoordinatorServiceClient,
  runId: string,
  { plan, ...approval }: { plan: Plan; approvedBy: string; automatic: boolean },
): Promise<void> {
  await approveRun(client, { runId, planHash: plan.planHash, ...approval });
}

async function confirm({ terminal }: Invocation, question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await terminal.ask(`${question} [y/N] `)).trim());
}
