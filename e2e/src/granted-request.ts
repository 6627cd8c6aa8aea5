import type { FetchPairRequest } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { GRANT_VALID_MS, readGrantKey, signGrant } from '@onescan/process/fetch-grant.js';

/** A request with the grant of a coordinator that approved what its statements may bill. */
export function grantedRequest(request: FetchPairRequest, grantKey: string): FetchPairRequest {
  const { runId, pair, planHash, datasetId, sharedDatasetId } = request;
  const limits = [...request.maximumBytesBilled, ...request.sharedMaximumBytesBilled];
  const facts = {
    ...{ runId, pair, planHash, datasetId, sharedDatasetId },
    runBytes: limits.reduce((sum, bytes) => sum + bytes, 0n),
    expiresMs: BigInt(Date.now() + GRANT_VALID_MS),
  };
  return { ...request, grant: signGrant(readGrantKey(grantKey), facts) };
}
