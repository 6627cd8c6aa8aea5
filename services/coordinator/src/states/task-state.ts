import type { Transitions } from './transition.js';

/**
 * The life of a task (run, pair, horizon):
 *
 * - BLOCKED: its dataset is not there yet.
 * - READY: may be given to a trainer; its attempt number is the one that the next trainer gets.
 * - LEASED: one trainer works on it, under the attempt number as fencing token.
 * - DONE: result and ledger are stored. Final, unless a resumed run finds that its result cannot be read any more.
 * - FAILED: will not succeed by itself (bad data, out of memory twice, dataset not to be had).
 * - QUARANTINED: crashed or lost too many trainers.
 * - CANCELLED: by CancelRun.
 *
 * The attempt number grows whenever a task becomes READY again, so results of older attempts are known.
 */
export type TaskState = 'BLOCKED' | 'READY' | 'LEASED' | 'DONE' | 'FAILED' | 'QUARANTINED' | 'CANCELLED';

export const TASK_TRANSITIONS: Transitions<TaskState> = {
  BLOCKED: ['READY', 'FAILED', 'CANCELLED'],
  READY: ['LEASED', 'CANCELLED'],
  LEASED: ['DONE', 'READY', 'FAILED', 'QUARANTINED', 'CANCELLED'],
  DONE: ['BLOCKED'],
  FAILED: ['BLOCKED'],
  QUARANTINED: ['BLOCKED'],
  CANCELLED: ['BLOCKED'],
};

/** True when no trainer will be given the task any more unless the run is resumed. */
export function isTaskEnded(state: TaskState): boolean {
  return state === 'DONE' || state === 'FAILED' || state === 'QUARANTINED' || state === 'CANCELLED';
}
