import type { TaskAttempt } from '@onescan/contract/generated/onescan/v1/trainer.js';

/** Identity of a task, whatever the attempt. */
export function taskKey(task: TaskAttempt): string {
  return `${task.runId}/${task.pair}/${task.horizon}`;
}

/** Identity of one attempt at a task. */
export function attemptKey(task: TaskAttempt): string {
  return `${taskKey(task)}#${task.attempt}`;
}
