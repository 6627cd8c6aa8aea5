import type { TaskAttempt } from '@onescan/shared/generated/onescan/v1/trainer.js';

/** Whether two messages speak of the same attempt at a task. */
export function sameAttempt(a: TaskAttempt, b: TaskAttempt): boolean {
  return attemptKey(a) === attemptKey(b);
}

/** "run/pair/h15#2", for logs and as a key. */
export function attemptKey(task: TaskAttempt): string {
  return `${task.runId}/${task.pair}/h${task.horizon}#${task.attempt}`;
}
