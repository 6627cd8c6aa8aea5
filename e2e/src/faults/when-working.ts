import { type RunEvent, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';

/** Calls `act` once, when a trainer (any, or the one named) has begun to compute a task. */
export function whenWorking(trainerId: string, act: (trainerId: string) => void): (event: RunEvent) => void {
  let done = false;
  return ({ event }) => {
    if (done || event?.$case !== 'task' || event.value.state !== TaskState.TASK_STATE_LEASED) return;
    if (event.value.stage === '' || (trainerId !== '' && event.value.trainerId !== trainerId)) return;
    done = true;
    act(event.value.trainerId);
  };
}
