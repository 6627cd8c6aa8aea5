import type { RunProgress } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { taskKey } from '../model/run-record.js';
import type { EventPayload } from './run-change.js';
import type { LiveTask } from './run-view.js';

/**
 * Progress that comes more often than people can read: only the newest of each kind is kept until it is
 * taken, some times a second, and then stored as events.
 */
export class ProgressBuffer {
  readonly #pending = new Map<string, Map<string, EventPayload>>();
  readonly #tasks = new Map<string, Map<string, LiveTask>>();
  readonly #progress = new Map<string, string>();

  /** Notes how far a run is, unless that was the last that was noted. */
  putProgress(runId: string, value: RunProgress): void {
    const text = JSON.stringify(value);
    if (this.#progress.get(runId) === text) return;
    this.#progress.set(runId, text);
    this.put(runId, 'progress', { $case: 'progress', value });
  }

  /** Notes an event of a run; an older one of the same key is dropped. */
  put(runId: string, key: string, payload: EventPayload): void {
    const pending = this.#pending.get(runId) ?? new Map<string, EventPayload>();
    this.#pending.set(runId, pending);
    pending.set(key, payload);
  }

  /** Notes how far a task is. */
  putTask(
    task: { runId: string; pair: string; horizon: number },
    live: LiveTask,
    payload: EventPayload,
  ): void {
    const tasks = this.#tasks.get(task.runId) ?? new Map<string, LiveTask>();
    this.#tasks.set(task.runId, tasks);
    tasks.set(taskKey(task.pair, task.horizon), live);
    this.put(task.runId, `task ${taskKey(task.pair, task.horizon)}`, payload);
  }

  /** Forgets a task's progress: what is stored of it is newer now. */
  dropTask(task: { runId: string; pair: string; horizon: number }): void {
    const key = taskKey(task.pair, task.horizon);
    this.#tasks.get(task.runId)?.delete(key);
    this.#pending.get(task.runId)?.delete(`task ${key}`);
  }

  /** Progress of a run's tasks, by task key. */
  tasks(runId: string): ReadonlyMap<string, LiveTask> {
    return this.#tasks.get(runId) ?? new Map();
  }

  /** Takes what is to be stored, by run. */
  take(): [string, EventPayload[]][] {
    const taken = [...this.#pending].map(([runId, events]): [string, EventPayload[]] => [
      runId,
      [...events.values()],
    ]);
    this.#pending.clear();
    return taken.filter(([, events]) => events.length > 0);
  }

  /** Forgets a run that has ended. */
  dropRun(runId: string): void {
    this.#pending.delete(runId);
    this.#tasks.delete(runId);
    this.#progress.delete(runId);
  }
}
