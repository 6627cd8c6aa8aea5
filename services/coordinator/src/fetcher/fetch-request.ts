import type { FetchPairRequest } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { GRANT_VALID_MS, signGrant } from '@onescan/process/fetch-grant.js';
import { approvedBytes } from '../model/approvals.js';
import type { RunRecord } from '../model/run-record.js';

/**
 * What the fetcher is asked for a pair of an approved plan. With a key the approval goes along, signed; a rerun takes
 * what is cached and never queries, so that it has none.
 */
export function fetchRequest(
  run: RunRecord,
  planned: PairPlan,
  { traceparent, grantKey, nowMs }: { traceparent: string; grantKey: Uint8Array | undefined; nowMs: number },
): FetchPairRequest {
  const { planHash, shared } = run.plan!;
  const named = {
    runId: run.runId,
    pair: planned.pair,
    planHash,
    datasetId: planned.datasetId,
    sharedDatasetId: shared?.datasetId ?? '',
  };
  const isRerun = run.rerunOf !== '';
  const terms = { runBytes: approvedBytes(run), expiresMs: BigInt(Math.ceil(nowMs) + GRANT_VALID_MS) };
  return {
    ...named,
    spec: run.spec,
    maximumBytesBilled: planned.statements.map((statement) => statement.maximumBytesBilled),
    cachedOnly: isRerun,
    traceparent,
    withinDatasetId: sourceOf(planned),
    sharedWithinDatasetId: sourceOf(shared),
    sharedMaximumBytesBilled: (shared?.statements ?? []).map((each) => each.maximumBytesBilled),
    approvedStatements: {
      sqlSha256: planned.statements.map((statement) => statement.sqlSha256),
      sharedSqlSha256: (shared?.statements ?? []).map((each) => each.sqlSha256),
    },
    ...(grantKey && !isRerun ? { grant: signGrant(grantKey, { ...named, ...terms }) } : {}),
  };
}

/** Where the plan says that a dataset is free: it is never queried for then, also when it was evicted since. */
function sourceOf(planned: Pick<PairPlan, 'cached' | 'servedFrom' | 'datasetId'> | undefined): string {
  if (!planned?.cached) return '';
  return planned.servedFrom || planned.datasetId;
}
