import type { FetcherServiceService } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { SPEC_BOUNDS } from '@onescan/contract/spec-bounds.js';
import type { ServiceLimits } from '@onescan/process/grpc/guard/guarded-service.js';

const BRIEF = { bytes: 4 * 1024 };
const WITH_SPEC = { bytes: 1024 * 1024 };

/** What the fetcher takes from its callers; docs/security.md has the table. */
export const FETCHER_LIMITS: ServiceLimits<FetcherServiceService> = {
  methods: {
    estimatePair: WITH_SPEC,
    estimateShared: WITH_SPEC,
    fetchPair: WITH_SPEC,
    cancelFetch: BRIEF,
    listDatasets: BRIEF,
    verifyDataset: BRIEF,
    deleteDataset: BRIEF,
    readDataset: BRIEF,
    listQueryJobs: BRIEF,
  },
  fields: {
    ...SPEC_BOUNDS,
    // One for each statement of a plan.
    maximumBytesBilled: { items: 10_000 },
    sharedMaximumBytesBilled: { items: 10_000 },
  },
};

/** The part of it that the address for trainers takes. */
export const DATASETS_LIMITS: ServiceLimits<Pick<FetcherServiceService, 'readDataset'>> = {
  methods: { readDataset: FETCHER_LIMITS.methods.readDataset },
  fields: FETCHER_LIMITS.fields,
};
