import type { Transitions } from './transition.js';

/**
 * The life of a run:
 *
 * - PLANNING: the fetcher is asked what every pair that is to be fetched will read and cost. A restart plans again.
 * - AWAITING_APPROVAL: nothing is fetched until the plan hash is approved.
 * - RUNNING: fetching and training, of the pilot pair alone while its approval is outstanding.
 * - AWAITING_PILOT_APPROVAL: the pilot pair is done, the rest waits.
 * - COMPLETED: every task is done and the ledger is whole. Final.
 * - PARTIAL, FAILED, CANCELLED: ended without some or all results; ResumeRun goes on from here. What is still to be
 *   fetched is planned again first, and waits for approval when what was approved does not suffice or has changed.
 */
export type RunState =
  | 'PLANNING'
  | 'AWAITING_APPROVAL'
  | 'RUNNING'
  | 'AWAITING_PILOT_APPROVAL'
  | 'COMPLETED'
  | 'PARTIAL'
  | 'FAILED'
  | 'CANCELLED';

export const RUN_TRANSITIONS: Transitions<RunState> = {
  PLANNING: ['AWAITING_APPROVAL', 'RUNNING', 'PARTIAL', 'FAILED', 'CANCELLED'],
  AWAITING_APPROVAL: ['RUNNING', 'CANCELLED'],
  RUNNING: ['AWAITING_PILOT_APPROVAL', 'COMPLETED', 'PARTIAL', 'FAILED', 'CANCELLED'],
  AWAITING_PILOT_APPROVAL: ['RUNNING', 'CANCELLED'],
  COMPLETED: [],
  PARTIAL: ['RUNNING', 'PLANNING', 'AWAITING_APPROVAL'],
  FAILED: ['RUNNING', 'PLANNING', 'AWAITING_APPROVAL'],
  CANCELLED: ['RUNNING', 'PLANNING', 'AWAITING_APPROVAL'],
};

/** True for states in which nothing happens any more unless the run is resumed. */
export function isEnded(state: RunState): boolean {
  return state === 'COMPLETED' || state === 'PARTIAL' || state === 'FAILED' || state === 'CANCELLED';
}
