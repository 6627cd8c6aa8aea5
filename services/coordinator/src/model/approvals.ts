import type { Approval } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { reasonText } from '@onescan/contract/reasons/reason.js';
import { isEnded } from '../states/run-state.js';
import { approvedTotal, autoApproveProblem, budgetProblem } from './budget.js';
import { bytesToFetch, isSharedThere, reservedBytes } from './cost.js';
import { type PairRecord, type RunRecord, type RunSnapshot, timestamp } from './run-record.js';

export interface GivenApproval {
  planHash: string;
  approvedBy: string;
  automatic: boolean;
  /** Empty when it has none. */
  requestId: string;
}

/** The record of an approval: who, when, and what the run may be billed in all from then on. */
export function approvalOf(
  plan: Plan,
  facts: { what: string; approvedBy: string; automatic: boolean; requestId?: string; nowMs: number },
): Approval {
  const { what, approvedBy, automatic, requestId = '', nowMs } = facts;
  return {
    planHash: plan.planHash,
    approvedBy,
    time: timestamp(nowMs),
    what,
    ...approvedTotal(plan),
    automatic,
    requestId,
  };
}

/** What a run may be billed in all, by its last approval: a later plan that nobody approved changes nothing. */
export function approvedBytes({ approvals }: Pick<RunRecord, 'approvals'>): bigint {
  return approvals.at(-1)?.bytes ?? 0n;
}

/** True when an approval was given before: by its request id, or because the plan is approved and nothing waits. */
export function isApprovedAlready(
  { state, approvals }: RunRecord,
  { planHash, requestId }: GivenApproval,
): boolean {
  if (requestId !== '' && approvals.some((approval) => approval.requestId === requestId)) return true;
  const waits = state === 'AWAITING_APPROVAL' || state === 'AWAITING_PILOT_APPROVAL';
  return !waits && planHash !== '' && approvals.at(-1)?.planHash === planHash;
}

/**
 * @throws OnescanError FAILED_PRECONDITION when nothing waits for approval or the hash is not the plan's,
 *   RESOURCE_EXHAUSTED when the plan is over its budget
 */
export function requireApprovable(run: RunRecord, planHash: string): void {
  if (run.state !== 'AWAITING_APPROVAL' && run.state !== 'AWAITING_PILOT_APPROVAL') {
    throw new OnescanError(
      'FAILED_PRECONDITION',
      `run ${run.runId} is ${run.state}: nothing waits for approval`,
    );
  }
  const expected = run.plan?.planHash ?? '';
  if (planHash !== expected) {
    throw new OnescanError(
      'FAILED_PRECONDITION',
      `"${planHash}" is not the hash of the plan of run ${run.runId}`,
      {
        remedy: `Look at the plan, then approve ${expected}`,
        details: { planHash: expected },
      },
    );
  }
  const problem = run.plan && budgetProblem(run.plan);
  if (problem) {
    throw new OnescanError('RESOURCE_EXHAUSTED', `run ${run.runId}: ${reasonText(problem)}`, {
      remedy: 'The budget is an upper bound: start a run with a higher one, or a smaller sample or universe',
      details: { usd: run.plan!.usd, budgetUsd: run.plan!.budgetUsd },
    });
  }
}

/** @throws OnescanError when the plan needs a person who has looked at it */
export function requireAutomatic(run: RunRecord, limitUsd: number): void {
  if (run.state === 'AWAITING_PILOT_APPROVAL') {
    throw new OnescanError('FAILED_PRECONDITION', `run ${run.runId}: what follows a pilot needs a person`, {
      remedy: `Look at what the pilot cost, then: onescan approve ${run.runId}`,
    });
  }
  const problem = autoApproveProblem(run.plan!, limitUsd);
  if (!problem) return;
  throw new OnescanError('RESOURCE_EXHAUSTED', `run ${run.runId}: ${reasonText(problem)}`, {
    remedy: `Look at the plan, then: onescan approve ${run.runId}`,
    details: { usd: run.plan!.usd, budgetUsd: run.plan!.budgetUsd, autoApproveUsd: limitUsd },
  });
}

/**
 * True when the approval would suffice for a pair but for the fetches under way: they may bill less. When nothing
 * is under way the fetcher is asked all the same: what is cached or was paid for costs nothing.
 */
export function waitsForMoney(snapshot: RunSnapshot, pair: PairRecord): boolean {
  const pairs = [...snapshot.pairs.values()];
  if (!pairs.some((other) => other.state === 'FETCHING')) return false;
  const { shared } = snapshot.run.plan!;
  // One of the pairs under way fetches what all share.
  const once = shared && !isSharedThere(shared, snapshot) ? shared.bytes : 0n;
  const needed = reservedBytes(snapshot, pairs) + once + bytesToFetch(snapshot, pair.pair);
  return needed > approvedBytes(snapshot.run);
}

/** @throws OnescanError FAILED_PRECONDITION when a run is complete or still going on */
export function requireResumable(run: RunRecord): void {
  if (run.state !== 'COMPLETED' && isEnded(run.state)) return;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `run ${run.runId} is ${run.state}: there is nothing to resume`,
  );
}
