import { byCodeUnits } from '@onescan/contract/code-units.js';
import {
  PairState,
  type PairStatus,
  type RunEvent,
  type RunProgress,
  RunState,
  TaskState,
  type TaskStatus,
  type WorkerStatus,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { nextPace, type StagePace } from './stage-pace.js';

/** What the events of a run have told so far. */
export interface RunView {
  readonly runId: string;
  /** Sequence number of the last event: where to take up the stream again. */
  sequence: bigint;
  state: RunState;
  problems: readonly string[];
  plan?: Plan;
  progress?: RunProgress;
  readonly pairs: Map<string, PairStatus>;
  readonly fetching: Map<string, StagePace>;
  /** By "pair/horizon". */
  readonly tasks: Map<string, TaskStatus>;
  readonly workers: Map<string, WorkerStatus>;
}

export function emptyRunView(runId: string): RunView {
  return {
    runId,
    sequence: 0n,
    state: RunState.RUN_STATE_UNSPECIFIED,
    problems: [],
    pairs: new Map(),
    fetching: new Map(),
    tasks: new Map(),
    workers: new Map(),
  };
}

/** Takes one event into the view. */
export function applyEvent(view: RunView, { sequence, time, event }: RunEvent): void {
  if (sequence > view.sequence) view.sequence = sequence;
  switch (event?.$case) {
    case 'runState':
      view.state = event.value.state;
      view.problems = event.value.problems;
      return;
    case 'plan':
      view.plan = event.value;
      return;
    case 'pair':
      view.pairs.set(event.value.pair, event.value);
      view.fetching.delete(event.value.pair);
      return;
    case 'fetchProgress':
      // Progress is told now and then, so its last news may come after the end of the fetch.
      if (event.value.progress && !isFetchOver(view, event.value.pair)) {
        const { pair, progress } = event.value;
        view.fetching.set(pair, nextPace(view.fetching.get(pair), progress, secondsOf(time)));
      }
      return;
    case 'task':
      view.tasks.set(taskKey(event.value), event.value);
      return;
    case 'worker':
      view.workers.set(event.value.trainerId, event.value);
      return;
    case 'progress':
      view.progress = event.value;
      return;
    default:
      return;
  }
}

function isFetchOver(view: RunView, pair: string): boolean {
  const state = view.pairs.get(pair)?.state;
  return state === PairState.PAIR_STATE_FETCHED || state === PairState.PAIR_STATE_FAILED;
}

/** True in the states that a run never leaves by itself. */
export function hasEnded(state: RunState): boolean {
  return (
    state === RunState.RUN_STATE_COMPLETED ||
    state === RunState.RUN_STATE_PARTIAL ||
    state === RunState.RUN_STATE_FAILED ||
    state === RunState.RUN_STATE_CANCELLED
  );
}

/** True in the states that wait for somebody to approve. */
export function awaitsApproval(state: RunState): boolean {
  return (
    state === RunState.RUN_STATE_AWAITING_APPROVAL || state === RunState.RUN_STATE_AWAITING_PILOT_APPROVAL
  );
}

/** Tasks that a trainer works on now, in a stable order. */
export function tasksAtWork(view: RunView): TaskStatus[] {
  return [...view.tasks.values()]
    .filter((task) => task.state === TaskState.TASK_STATE_LEASED)
    .sort((a, b) => byCodeUnits(a.trainerId, b.trainerId) || a.horizon - b.horizon);
}

export function taskKey(task: Pick<TaskStatus, 'pair' | 'horizon'>): string {
  return `${task.pair}/${task.horizon}`;
}

function secondsOf(time: RunEvent['time']): number {
  return time ? Number(time.seconds) + time.nanos / 1e9 : 0;
}
