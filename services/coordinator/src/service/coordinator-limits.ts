import type { CoordinatorServiceService } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { SPEC_BOUNDS } from '@onescan/contract/spec-bounds.js';
import type { ServiceLimits } from '@onescan/process/grpc/guard/guarded-service.js';

const BRIEF = { bytes: 16 * 1024 };
const WITH_SPEC = { bytes: 1024 * 1024 };

/** What the coordinator takes from its users; docs/security.md has the table. */
export const COORDINATOR_LIMITS: ServiceLimits<CoordinatorServiceService> = {
  methods: {
    planRun: WITH_SPEC,
    startRun: WITH_SPEC,
    approveRun: BRIEF,
    getRun: BRIEF,
    listRuns: BRIEF,
    deleteRun: BRIEF,
    watchRun: BRIEF,
    cancelRun: BRIEF,
    resumeRun: BRIEF,
    getLedger: BRIEF,
    getResults: BRIEF,
    getReport: BRIEF,
    getTrace: BRIEF,
    getExplanation: BRIEF,
    getModels: BRIEF,
    listTrainers: BRIEF,
    openPage: BRIEF,
    backUpState: BRIEF,
  },
  fields: {
    ...SPEC_BOUNDS,
    // Names and labels have rules of their own.
    tags: null,
    requestId: null,
    filter: { text: 2_048 },
    pageToken: { text: 512 },
    reason: { text: 1_024 },
  },
};
