import { CoordinatorServiceService } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { TrainerHubServiceService } from '@onescan/contract/generated/onescan/v1/trainer.js';
import type { MetricTable } from '@onescan/process/metrics/metric-table.js';
import { servedRow } from '@onescan/process/metrics/rpc-metrics.js';
import type { FailureName } from '../states/failure-policy.js';
import { RUN_TRANSITIONS } from '../states/run-state.js';
import { TASK_TRANSITIONS } from '../states/task-state.js';

const ACTIVE_RUNS = ['PLANNING', 'AWAITING_APPROVAL', 'RUNNING', 'AWAITING_PILOT_APPROVAL'] as const;
const RUN_ENDS = Object.keys(RUN_TRANSITIONS).filter(
  (state) => !(ACTIVE_RUNS as readonly string[]).includes(state),
);
const TASK_STATES = Object.keys(TASK_TRANSITIONS);

/** Stages of a horizon, as results tell their seconds. */
export const STAGES = ['load', 'prune', 'select', 'model', 'explain'] as const;

/** Why attempts have no result. */
const FAILURES = [
  'BAD_DATA',
  'OUT_OF_MEMORY',
  'DOES_NOT_FIT',
  'DISK_FULL',
  'CRASH',
  'LOST',
  'HANDED_BACK',
  'UNDELIVERED',
] as const satisfies readonly FailureName[];

const AFTER_FAILURE = ['READY', 'FAILED', 'QUARANTINED'] as const;

/** Seconds: from what a test takes to what a night does. */
const SECONDS = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400];

/** Every metric of the coordinator; docs/metrics.md holds the same table. */
export const COORDINATOR_METRICS = {
  'onescan.runs': {
    kind: 'gauge',
    unit: '{run}',
    doc: 'runs that have not ended',
    attributes: { state: ACTIVE_RUNS },
  },
  'onescan.run.ends': {
    kind: 'counter',
    unit: '{run}',
    doc: 'runs that ended',
    attributes: { state: RUN_ENDS },
  },
  'onescan.run.approval.age_seconds': {
    kind: 'gauge',
    unit: 's',
    doc: 'how long the oldest run has been waiting for an approval; 0 when none does. Counted from the start of the run after a restart of the coordinator',
  },
  'onescan.tasks': {
    kind: 'gauge',
    unit: '{task}',
    doc: 'tasks (a pair x a horizon) of the runs that have not ended',
    attributes: { state: TASK_STATES },
  },
  'onescan.task.attempts': {
    kind: 'counter',
    unit: '{attempt}',
    doc: 'attempts that ended, by what became of the task: `READY` is tried again (retry, hand-back or lost lease)',
    attributes: {
      state: TASK_STATES.filter((state) => TASK_TRANSITIONS.LEASED.some((next) => next === state)),
    },
  },
  'onescan.task.failures': {
    kind: 'counter',
    unit: '{attempt}',
    doc: 'attempts without a result by why, and what became of the task: `READY` is a retry; `LOST` are leases that ran out',
    attributes: { kind: FAILURES, state: AFTER_FAILURE },
  },
  'onescan.task.queue.duration_seconds': {
    kind: 'histogram',
    unit: 's',
    doc: 'from when a task may be learned to when a trainer gets it',
    buckets: SECONDS,
  },
  'onescan.task.stage.duration_seconds': {
    kind: 'histogram',
    unit: 's',
    doc: 'stages of the tasks that were done',
    attributes: { stage: STAGES },
    buckets: SECONDS,
  },
  'onescan.fetch.duration_seconds': {
    kind: 'histogram',
    unit: 's',
    doc: 'until the dataset of a pair was there',
    attributes: { source: ['fetched', 'cached'] },
    buckets: SECONDS,
  },
  'onescan.trainers': {
    kind: 'gauge',
    unit: '{trainer}',
    doc: 'connected trainers; `draining` are those that handed work back, as trainers do that are being stopped',
    attributes: { state: ['busy', 'idle', 'draining'] },
  },
  'onescan.trainer.memory.utilization_ratio': {
    kind: 'gauge',
    unit: '1',
    doc: 'resident memory against its limit, of the trainer that is nearest to it',
  },
  ...servedRow(CoordinatorServiceService, TrainerHubServiceService),
  'onescan.approved_bytes': { kind: 'counter', unit: 'By', doc: 'bytes that approvals allow to be billed' },
  'onescan.approved_usd': { kind: 'counter', unit: '{USD}', doc: 'the same in US dollars' },
  'onescan.reserved_bytes': {
    kind: 'gauge',
    unit: 'By',
    doc: 'bytes that the fetches under way may be billed yet',
  },
  'onescan.reserved_usd': { kind: 'gauge', unit: '{USD}', doc: 'the same in US dollars' },
  'onescan.billed_bytes': { kind: 'counter', unit: 'By', doc: 'bytes that statements were billed' },
  'onescan.billed_usd': { kind: 'counter', unit: '{USD}', doc: 'the same in US dollars' },
  'onescan.state.disk.free_bytes': { kind: 'gauge', unit: 'By', doc: 'room on the disk of the state folder' },
  'onescan.state.database_bytes': { kind: 'gauge', unit: 'By', doc: 'size of the database of the state' },
} as const satisfies MetricTable;

export type CoordinatorMetric = keyof typeof COORDINATOR_METRICS;
