import { FetcherServiceService as Service } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { type AuditedMethods, audited } from '@onescan/process/audit/audit-guard.js';
import type { AuditFacts } from '@onescan/process/audit/audit-log.js';

/** What the fetcher writes down: whatever may be billed, ends a fetch or removes data. */
export const FETCHER_AUDIT: AuditedMethods = new Map([
  audited(Service.estimatePair, {
    request: ({ pair, planId }) => ({ pair, planId: planId ?? '' }),
    response: ({ metadataBytes }) => ({ bytes: Number(metadataBytes) }),
  }),
  audited(Service.estimateShared, {
    request: ({ planId }) => ({ planId: planId ?? '' }),
    response: ({ metadataBytes }) => ({ bytes: Number(metadataBytes) }),
  }),
  audited(Service.fetchPair, {
    request: ({ runId, pair, planHash, datasetId, cachedOnly, grant, maximumBytesBilled }) => ({
      ...{ run: runId, pair, planHash, dataset: datasetId, cachedOnly },
      mayBill: Number(maximumBytesBilled.reduce((sum, bytes) => sum + bytes, 0n)),
      granted: Number(grant?.runBytes ?? 0n),
    }),
    response: ({ message }) => (message?.$case === 'dataset' ? billed(message.value) : {}),
  }),
  audited(Service.cancelFetch, {
    request: ({ datasetId }) => ({ dataset: datasetId }),
    response: ({ running }) => ({ running }),
  }),
  audited(Service.deleteDataset, {
    request: ({ datasetId, force }) => ({ dataset: datasetId, force }),
  }),
]);

function billed({
  bytesBilled,
  usd,
  statementsRun,
  shared,
}: {
  bytesBilled: bigint;
  usd: number;
  statementsRun: number;
  shared?: { bytesBilled: bigint; usd: number } | undefined;
}): AuditFacts {
  return {
    statements: statementsRun,
    bytes: Number(bytesBilled + (shared?.bytesBilled ?? 0n)),
    usd: usd + (shared?.usd ?? 0),
  };
}
