import { status } from '@grpc/grpc-js';
import { CoordinatorServiceService } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { TrainerHubServiceService } from '@onescan/contract/generated/onescan/v1/trainer.js';
import type { MetricTable } from '@onescan/process/telemetry/metric-table.js';
import { RUN_TRANSITIONS } from '../states/run-state.js';
import { TASK_TRANSITIONS } from '../states/task-state.js';

const ACTIVE_RUNS = ['PLANNING', 'AWAITING_APPROVAL', 'RUNNING', 'AWAITING_PILOT_APPROVAL'] as const;
const RUN_ENDS = Object.keys(RUN_TRANSITIONS).filter(
  (state) => !(ACTIVE_RUNS as readonly string[]).includes(state),
);
const TASK_STATES = Object.keys(TASK_TRANSITIONS);

/** Stages of a horizon, as results tell their seconds. */
export const STAGES = ['load', 'prune', 'select', 'model', 'explain'] as const;

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
    doc: 'connected trainers',
    attributes: { state: ['busy', 'idle'] },
  },
  'onescan.trainer.memory.utilization_ratio': {
    kind: 'gauge',
    unit: '1',
    doc: 'resident memory against its limit, of the trainer that is nearest to it',
  },
  'onescan.rpc.duration_seconds': {
    kind: 'histogram',
    unit: 's',
    doc: 'calls of the methods of coordinator and hub, with the status they ended with; of streams as long as they were open',
    attributes: {
      method: [...Object.keys(CoordinatorServiceService), ...Object.keys(TrainerHubServiceService)].map(
        (name) => `${name[0]!.toUpperCase()}${name.slice(1)}`,
      ),
      code: Object.keys(status).filter((name) => Number.isNaN(Number(name))),
    },
    buckets: [0.005, 0.02, 0.1, 0.5, 1, 5, 30, 300],
  },
  'onescan.approved_bytes': { kind: 'counter', unit: 'By', doc: 'bytes that approvals allow to be billed' },
  'onescan.approved_usd': { kind: 'counter', unit: '{USD}', doc: 'the same in US dollars' },
  'onescan.billed_bytes': { kind: 'counter', unit: 'By', doc: 'bytes that statements were billed' },
  'onescan.billed_usd': { kind: 'counter', unit: '{USD}', doc: 'the same in US dollars' },
  'onescan.state.disk.free_bytes': { kind: 'gauge', unit: 'By', doc: 'room on the disk of the state folder' },
  'onescan.process.memory_bytes': { kind: 'gauge', unit: 'By', doc: 'resident memory of the coordinator' },
  'onescan.event_loop.delay_seconds': {
    kind: 'gauge',
    unit: 's',
    doc: "the 99th percentile of how late the coordinator's event loop was since the last reading",
  },
} as const satisfies MetricTable;

export type CoordinatorMetric = keyof typeof COORDINATOR_METRICS;
