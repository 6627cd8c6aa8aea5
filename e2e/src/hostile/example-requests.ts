import type { CoordinatorServiceService } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { FetcherServiceService } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import {
  ApprovalMode,
  type RunSpec,
  SampleStrategy,
  SchedulingPolicy,
  SharedGroups,
} from '@onescan/contract/generated/onescan/v1/spec.js';
import type { SeededChoice } from '../faults/seeded-choice.js';
import { type KnownIds, stolenGrant } from './known-ids.js';

type RequestOf<Method> = Method extends { requestDeserialize: (bytes: Buffer) => infer Request }
  ? Request
  : never;

/** A well-formed request of every method of a service, with every field set: what hostile ones are made of. */
export type Examples<Service> = {
  readonly [Name in keyof Service]: (known: KnownIds, choice: SeededChoice) => RequestOf<Service[Name]>;
};

/** Never approved by itself: what is billed all the same was billed without approval. */
const spec = ({ plannable }: KnownIds, choice: SeededChoice): RunSpec => ({
  pairs: ['eurusd'],
  horizons: choice.next() < plannable ? [15, 45] : [15, 45, 2 ** 31],
  targetWindow: 45,
  universe: {
    groups: [{ name: 'pair', tables: ['lag_{pair}', 'bqx_{pair}'], shared: false, optional: true }],
    exclude: ['corr_*', 'agg_*'],
    expectedColumns: choice.next() < 0.1 ? 5 : undefined,
    future: [{ columns: 'mkt_*', reason: 'of later rows' }],
  },
  period: { from: '2020-01-01', to: '' },
  sample: { rows: 1_000, strategy: SampleStrategy.SAMPLE_STRATEGY_HASH, seed: 1n },
  budgetUsd: 50,
  approvalMode: ApprovalMode.APPROVAL_MODE_MANUAL,
  pilotPair: '',
  preset: 'quick',
  overrides: { 'select.maxFalse': '2' },
  maxWorkers: 8,
  memoryPerWorkerBytes: 1n << 33n,
  schedulingPolicy: SchedulingPolicy.SCHEDULING_POLICY_PAIRS,
  seed: 1n,
  sharedGroups: choice.of([SharedGroups.SHARED_GROUPS_PER_PAIR, SharedGroups.SHARED_GROUPS_ONCE]),
});

const run = ({ runId }: KnownIds): { runId: string } => ({ runId });
const task = ({ runId }: KnownIds): { runId: string; pair: string; horizon: number } => ({
  ...{ runId, pair: 'eurusd', horizon: 15 },
});
/** A run that may be lost: the one that readers ask for must stay. */
const victim = ({ started }: KnownIds, choice: SeededChoice): { runId: string } => ({
  runId: started.length > 0 ? choice.of(started) : 'none',
});

export const COORDINATOR_EXAMPLES: Examples<CoordinatorServiceService> = {
  planRun: (known, choice) => ({ spec: spec(known, choice) }),
  startRun: (known, choice) => ({
    spec: spec(known, choice),
    rerunOf: choice.next() < 0.1 ? known.runId : '',
    tags: { name: 'hostile', labels: { 'label-a': 'b' } },
    requestId: choice.next() < 0.5 ? `request-${choice.between(1, 20)}` : undefined,
  }),
  approveRun: (known, choice) => ({
    ...victim(known, choice),
    planHash: known.planHash,
    approvedBy: 'nobody',
    automatic: choice.next() < 0.5,
    requestId: 'approval',
  }),
  getRun: run,
  listRuns: () => ({ pageSize: 5, pageToken: '', filter: 'state = COMPLETED AND labels.label-a = "b"' }),
  deleteRun: victim,
  watchRun: (known) => ({ ...run(known), afterSequence: 1n }),
  cancelRun: (known, choice) => ({ ...victim(known, choice), pair: 'eurusd', reason: 'because' }),
  resumeRun: victim,
  getLedger: task,
  getResults: run,
  getReport: run,
  getTrace: run,
  getExplanation: task,
  getModels: task,
  listTrainers: () => ({}),
  openPage: () => ({}),
  backUpState: () => ({}),
};

export const FETCHER_EXAMPLES: Examples<FetcherServiceService> = {
  estimatePair: (known, choice) => ({
    ...{ spec: spec(known, choice), pair: 'eurusd', sharedDatasetId: '', bytesOnly: choice.next() < 0.7 },
    withinDatasetId: choice.next() < 0.2 ? known.datasetId : undefined,
    planId: choice.next() < 0.5 ? 'plan' : undefined,
  }),
  estimateShared: (known, choice) => ({ spec: spec(known, choice), bytesOnly: true, planId: 'plan' }),
  fetchPair: (known, choice) => ({
    ...{ runId: known.runId, spec: spec(known, choice), pair: 'eurusd', planHash: known.planHash },
    datasetId: choice.next() < 0.7 ? known.datasetId : 'ab'.repeat(32),
    maximumBytesBilled: [1n << 30n],
    cachedOnly: choice.next() < 0.3,
    traceparent: `00-${known.traceId}-b7ad6b7169203331-01`,
    sharedDatasetId: '',
    sharedMaximumBytesBilled: [1n << 30n],
    withinDatasetId: choice.next() < 0.3 ? known.datasetId : undefined,
    sharedWithinDatasetId: undefined,
    remainingBytes: 1n << 40n,
    approvedStatements: { sqlSha256: ['ab'.repeat(32)], sharedSqlSha256: [] },
    grant: choice.next() < 0.7 ? stolenGrant(known) : undefined,
  }),
  cancelFetch: ({ datasetId }) => ({ datasetId }),
  listDatasets: () => ({}),
  verifyDataset: ({ datasetId }) => ({ datasetId }),
  deleteDataset: () => ({ datasetId: 'cd'.repeat(32), force: false }),
  readDataset: ({ datasetId }) => ({ datasetId, offset: 1_000n }),
  listQueryJobs: (known, choice) => ({ ...run(known), checkResults: choice.next() < 0.5 }),
};
