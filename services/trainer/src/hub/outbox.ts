import type { ConnectRequest, TaskAttempt } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { attemptKey } from '../tasks/task-key.js';

/** Ends of tasks (results and failures) that the coordinator has not acknowledged, oldest first. */
export class Outbox {
  readonly #messages = new Map<string, { task: TaskAttempt; message: ConnectRequest }>();

  get size(): number {
    return this.#messages.size;
  }

  has(task: TaskAttempt): boolean {
    return this.#messages.has(attemptKey(task));
  }

  add(task: TaskAttempt, message: ConnectRequest): void {
    this.#messages.set(attemptKey(task), { task, message });
  }

  /** Forgets an acknowledged end; false when there was none. */
  acknowledge(task: TaskAttempt): boolean {
    return this.#messages.delete(attemptKey(task));
  }

  /** What must be sent again after the stream was re-opened. */
  pending(): ConnectRequest[] {
    return [...this.#messages.values()].map(({ message }) => message);
  }

  /** Attempts whose end is not acknowledged. */
  attempts(): TaskAttempt[] {
    return [...this.#messages.values()].map(({ task }) => task);
  }
}
