import type { RunProgress } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { RunSnapshot } from '../model/run-record.js';
import { isTaskEnded } from '../states/task-state.js';

/** How far a run is. Fetching runs ahead of training, so the slower of the two says when it ends. */
export function runProgress(snapshot: RunSnapshot): RunProgress {
  const { pairs, tasks } = snapshot;
  const done = [...tasks.values()].filter((task) => task.state === 'DONE');
  const fetched = [...pairs.values()].filter((pair) => pair.state === 'FETCHED');
  const fetching = fetchSecondsLeft(snapshot);
  const training = trainSecondsLeft(snapshot);
  const etaSeconds =
    fetching === undefined || training === undefined ? undefined : Math.max(fetching, training);
  return {
    tasksDone: done.length,
    tasksTotal: tasks.size,
    pairsFetched: fetched.length,
    pairsTotal: pairs.size,
    ...(etaSeconds === undefined ? {} : { etaSeconds }),
  };
}

function fetchSecondsLeft({ pairs }: RunSnapshot): number | undefined {
  const all = [...pairs.values()];
  const open = all.filter((pair) => pair.state === 'PENDING' || pair.state === 'FETCHING');
  return estimateRemaining({
    doneSeconds: all.filter((pair) => pair.state === 'FETCHED').map((pair) => pair.fetchSeconds),
    remaining: open.length,
    // Between two fetches nobody is at it for a moment: one will be.
    workers: Math.max(1, open.filter((pair) => pair.state === 'FETCHING').length),
  });
}

function trainSecondsLeft({ tasks }: RunSnapshot): number | undefined {
  const all = [...tasks.values()];
  return estimateRemaining({
    doneSeconds: all
      .filter((task) => task.state === 'DONE')
      .map((task) =>
        Object.values(task.stats?.stageSeconds ?? {}).reduce((sum, seconds) => sum + seconds, 0),
      ),
    remaining: all.filter((task) => !isTaskEnded(task.state)).length,
    workers: all.filter((task) => task.state === 'LEASED').length,
  });
}

/** Work of one kind, done and remaining: fetches of a run, or its tasks. */
export interface Workload {
  /** Seconds that each finished piece took. */
  readonly doneSeconds: readonly number[];
  /** Pieces not finished, those being worked on included. */
  readonly remaining: number;
  /** Pieces worked on at the same time. */
  readonly workers: number;
}

/**
 * Seconds until the last piece ends: mean time of the finished ones x those that remain / workers.
 * Undefined until one has finished, or while nobody works.
 */
export function estimateRemaining({ doneSeconds, remaining, workers }: Workload): number | undefined {
  if (remaining === 0) return 0;
  if (doneSeconds.length === 0 || workers === 0) return undefined;
  const mean = doneSeconds.reduce((sum, seconds) => sum + seconds, 0) / doneSeconds.length;
  return (mean * remaining) / workers;
}
