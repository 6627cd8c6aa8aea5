import { PairState, RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';

/** States in words: RUN_STATE_AWAITING_APPROVAL → "awaiting approval". */

export function runStateName(state: RunState): string {
  return words(RunState[state], 'RUN_STATE_');
}

export function pairStateName(state: PairState): string {
  return words(PairState[state], 'PAIR_STATE_');
}

export function taskStateName(state: TaskState): string {
  return words(TaskState[state], 'TASK_STATE_');
}

function words(name: string | undefined, prefix: string): string {
  return (name ?? 'unrecognized').replace(prefix, '').toLowerCase().replaceAll('_', ' ');
}
