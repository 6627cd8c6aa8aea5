import type { RunProgress } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import { estimateRemaining } from '../scheduling/estimate-remaining.js';
import { isTaskEnded } from '../states/task-state.js';
import type { RunSnapshot } from './run-record.js';

/** How far a run is. */
export function runProgress({ pairs, tasks }: RunSnapshot): RunProgress {
  const all = [...tasks.values()];
  const done = all.filter((task) => task.state === 'DONE');
  const fetched = [...pairs.values()].filter((pair) => pair.state === 'FETCHED');
  const etaSeconds = estimateRemaining({
    doneSeconds: done.map((task) =>
      Object.values(task.stats?.stageSeconds ?? {}).reduce((sum, seconds) => sum + seconds, 0),
    ),
    remainingTasks: all.filter((task) => !isTaskEnded(task.state)).length,
    workers: all.filter((task) => task.state === 'LEASED').length,
  });
  return {
    tasksDone: done.length,
    tasksTotal: tasks.size,
    pairsFetched: fetched.length,
    pairsTotal: pairs.size,
    ...(etaSeconds === undefined ? {} : { etaSeconds }),
  };
}
