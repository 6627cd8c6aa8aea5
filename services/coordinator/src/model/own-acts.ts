import type { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { AuditEntry, AuditFacts } from '@onescan/process/audit/audit-log.js';

/** Who acts when nobody has called. */
const ITSELF = { who: 'the coordinator', by: 'itself', outcome: 'done' } as const;

/** What the audit log says of a plan: which one, and how much it may cost. */
export function planFacts({ planHash, usd, bytes }: Plan): AuditFacts {
  return { planHash, usd, bytes: Number(bytes) };
}

/** An approval that nobody gave by a call: the budget's, or that of a rerun, which costs nothing. */
export function ownApproval(run: string, plan: Plan, approvedBy: string): AuditEntry {
  return { ...ITSELF, action: 'ApproveRun', facts: { run, ...planFacts(plan), approvedBy } };
}

/** The removal of a run that is kept no longer. */
export function ownRemoval(run: string, keepRunDays: number): AuditEntry {
  return { ...ITSELF, action: 'DeleteRun', facts: { run, reason: `it ended ${keepRunDays} days ago` } };
}
