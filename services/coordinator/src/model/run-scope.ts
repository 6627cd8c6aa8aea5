import { isTaskEnded } from '../states/task-state.js';
import type { PairRecord, RunSnapshot, TaskRecord } from './run-record.js';

/** True while only the pilot pair may be fetched and trained. */
export function isPilotPhase({ run }: RunSnapshot): boolean {
  return run.spec.pilotPair !== '' && !run.pilotApproved;
}

/** The pairs that may be worked on now, in plan order: all, or the pilot alone. */
export function pairsInScope(snapshot: RunSnapshot): PairRecord[] {
  const pairs = [...snapshot.pairs.values()];
  return isPilotPhase(snapshot) ? pairs.filter((pair) => pair.pair === snapshot.run.spec.pilotPair) : pairs;
}

/** A pair's tasks in plan order. */
export function tasksOf(snapshot: RunSnapshot, pair: string): TaskRecord[] {
  return [...snapshot.tasks.values()].filter((task) => task.pair === pair);
}

/** True when no task of the pairs in scope will change by itself any more. */
export function isScopeEnded(snapshot: RunSnapshot): boolean {
  return pairsInScope(snapshot).every(({ pair }) =>
    tasksOf(snapshot, pair).every((task) => isTaskEnded(task.state)),
  );
}

/** True when a trainer has begun with a pair and has not ended it: its span was open. */
export function isTraining(pair: PairRecord, tasks: RunSnapshot['tasks']): boolean {
  const open = [...tasks.values()].some((task) => task.pair === pair.pair && !isTaskEnded(task.state));
  return pair.trainStartedMs !== undefined && open;
}
