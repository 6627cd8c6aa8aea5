import type { FetchGrant } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { GRANT_VALID_MS, signGrant } from '@onescan/process/fetch-grant.js';

/** What a hostile peer has found out of the services that it calls. */
export interface KnownIds {
  /** A completed run, and what it was made of. */
  readonly runId: string;
  readonly planHash: string;
  readonly datasetId: string;
  readonly traceId: string;
  /** Runs that hostile requests have started. */
  readonly started: string[];
  /** Those of them that were to approve themselves within their budget. */
  readonly selfApproved: Set<string>;
  /** Share of the specs that can be planned but for what is made of them: planning is what takes the services longest. */
  readonly plannable: number;
  /** The key that approvals are signed with: a peer that has stolen an approval sends one of these. */
  readonly grantKey: Buffer;
}

/** A grant that the coordinator could have given for the cached dataset. */
export function stolenGrant({ runId, planHash, datasetId, grantKey }: KnownIds): FetchGrant {
  return signGrant(grantKey, {
    ...{ runId, planHash, datasetId, pair: 'eurusd', sharedDatasetId: '' },
    runBytes: 1n << 40n,
    expiresMs: BigInt(Date.now() + GRANT_VALID_MS),
  });
}
