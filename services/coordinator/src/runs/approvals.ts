import type { Approval } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import type { Plan } from '@onescan/shared/generated/onescan/v1/plan.js';
import { approvedTotal } from '../planning/budget.js';
import type { RunRecord } from './run-record.js';
import { timestamp } from './run-view.js';

/** The record of an approval: who, when, and what the run may be billed in all from then on. */
export function approvalOf(
  plan: Plan,
  facts: { what: string; approvedBy: string; automatic: boolean; nowMs: number },
): Approval {
  const { what, approvedBy, automatic, nowMs } = facts;
  return {
    planHash: plan.planHash,
    approvedBy,
    time: timestamp(nowMs),
    what,
    ...approvedTotal(plan),
    automatic,
  };
}

/** What a run may be billed in all, by its last approval: a later plan that nobody approved changes nothing. */
export function approvedBytes({ approvals }: Pick<RunRecord, 'approvals'>): bigint {
  return approvals.at(-1)?.bytes ?? 0n;
}
