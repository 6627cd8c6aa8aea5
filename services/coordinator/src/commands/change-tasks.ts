import { withAttemptEnded } from '../model/attempt-record.js';
import type { RunSnapshot } from '../model/run-record.js';
import type { RunChange } from '../runs/run-change.js';
import { isTaskEnded } from '../states/task-state.js';

/** Gives up the tasks of a run, or of one pair, that have not ended. */
export function cancelTasks(
  change: RunChange,
  before: RunSnapshot,
  what: { pair: string; why: string; endedMs: number },
): void {
  for (const pair of before.pairs.values()) {
    if (pair.state !== 'FETCHING' || (what.pair !== '' && pair.pair !== what.pair)) continue;
    change.setPair(pair.pair, { state: 'PENDING', error: what.why });
  }
  for (const task of before.tasks.values()) {
    if (isTaskEnded(task.state) || (what.pair !== '' && task.pair !== what.pair)) continue;
    const attempts = withAttemptEnded(task, {
      outcome: 'CANCELLED',
      message: what.why,
      endedMs: what.endedMs,
    });
    change.setTask(task, { state: 'CANCELLED', error: what.why, attempts });
  }
}

/** Makes tasks that are to be learned again wait for their datasets, under new attempts. */
export function reopenTasks(change: RunChange, before: RunSnapshot, unreadable: ReadonlySet<string>): void {
  const open = [...before.tasks].flatMap(([key, task]) =>
    task.state !== 'DONE' || unreadable.has(key) ? [task] : [],
  );
  for (const pair of before.pairs.values()) {
    if (pair.state === 'PENDING' || !open.some((task) => task.pair === pair.pair)) continue;
    change.setPair(pair.pair, { state: 'PENDING', error: '', trainStartedMs: undefined });
  }
  for (const task of open) {
    if (task.state === 'BLOCKED') continue;
    const attempt = task.attempt + 1;
    change.setTask(task, { state: 'BLOCKED', attempt, crashes: 0, outOfMemory: 0, trainerId: '', error: '' });
  }
}
