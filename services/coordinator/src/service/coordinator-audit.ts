import {
  type Run,
  runStateToJSON,
  CoordinatorServiceService as Service,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { approvalModeToJSON, type RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { type AuditedMethods, audited } from '@onescan/process/audit/audit-guard.js';
import type { AuditFacts } from '@onescan/process/audit/audit-log.js';
import { planFacts } from '../model/own-acts.js';

/** Pairs named in an entry; of more only their number. */
const NAMED_PAIRS = 28;

/** What the coordinator writes down: whatever spends, decides, ends or removes. */
export const COORDINATOR_AUDIT: AuditedMethods = new Map([
  audited(Service.planRun, {
    request: ({ spec }) => ofSpec(spec),
    response: ({ plan }) => (plan ? planFacts(plan) : {}),
  }),
  audited(Service.startRun, {
    request: ({ spec, rerunOf, requestId }) => ({ ...ofSpec(spec), rerunOf, requestId: requestId ?? '' }),
    response: ({ runId }) => ({ run: runId }),
  }),
  audited(Service.approveRun, {
    request: ({ runId, planHash, approvedBy, automatic }) => ({
      run: runId,
      planHash,
      approvedBy,
      automatic,
    }),
    response: ({ run }) => ofApproval(run),
  }),
  audited(Service.cancelRun, {
    request: ({ runId, pair, reason }) => ({ run: runId, pair, reason }),
    response: ({ run }) => ofState(run),
  }),
  audited(Service.resumeRun, {
    request: ({ runId }) => ({ run: runId }),
    response: ({ run }) => ofState(run),
  }),
  audited(Service.deleteRun, { request: ({ runId }) => ({ run: runId }) }),
  audited(Service.backUpState, {
    request: () => ({}),
    response: ({ path, bytes }) => ({ path, bytes: Number(bytes) }),
  }),
]);

function ofSpec(spec: RunSpec | undefined): AuditFacts {
  if (!spec) return {};
  const { pairs, budgetUsd, approvalMode } = spec;
  return {
    pairs: pairs.length > NAMED_PAIRS ? `${pairs.length} pairs` : pairs.join(' '),
    budgetUsd: budgetUsd ?? 0,
    approvalMode: approvalModeToJSON(approvalMode),
  };
}

/** What the run may be billed in all from then on. */
function ofApproval(run: Run | undefined): AuditFacts {
  const approval = run?.approvals.at(-1);
  if (!approval) return ofState(run);
  const { approvedBy, usd, bytes } = approval;
  return { ...ofState(run), approvedBy, usd, bytes: Number(bytes) };
}

function ofState(run: Run | undefined): AuditFacts {
  return run ? { state: runStateToJSON(run.state) } : {};
}
