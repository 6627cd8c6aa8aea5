import { SchedulingPolicy } from '@onescan/contract/generated/onescan/v1/spec.js';
import type { Assign } from '@onescan/contract/generated/onescan/v1/trainer.js';
import type { Logger } from '@onescan/process/log.js';
import type { LeaseTokens } from '../hub/attempt.js';
import type { AttemptOutcomes } from '../hub/attempt-outcomes.js';
import { instanceOf } from '../hub/trainer.js';
import type { TrainerRegistry } from '../hub/trainer-registry.js';
import { withAttempt } from '../model/attempt-record.js';
import { type RunSnapshot, taskKey } from '../model/run-record.js';
import { pairsInScope, tasksOf } from '../model/run-scope.js';
import { taskSeed } from '../model/task-spec.js';
import type { ProgressBuffer } from '../runs/progress-buffer.js';
import type { RunBook } from '../runs/run-book.js';
import type { RunTraces } from '../runs/run-traces.js';
import { type Assignment, decideAssignments, type SchedulableRun } from './decide-assignments.js';

/** What is given out, to whom, and what is noted of it. */
export interface DispatchParts {
  readonly book: RunBook;
  readonly registry: TrainerRegistry;
  readonly outcomes: AttemptOutcomes;
  readonly leaseTokens: LeaseTokens;
  readonly progress: ProgressBuffer;
  readonly traces: RunTraces;
  readonly log: Logger;
  readonly clock: () => number;
  readonly options: {
    readonly maxWorkers: number;
    readonly fetcher: string;
    /** Where trainers get datasets; absent: from the fetcher's own address. */
    readonly datasets?: string;
  };
}

/** Gives ready tasks to idle trainers. */
export class Dispatcher {
  readonly #parts: DispatchParts;
  /** When a trainer was last moved to a run, by run; in memory only: who comes first changes no result. */
  readonly #turns = new Map<string, number>();
  #turn = 0;

  constructor(parts: DispatchParts) {
    this.#parts = parts;
  }

  /** Assigns what can be assigned now. Called under the lock. */
  async dispatch(): Promise<void> {
    const { book, registry, options } = this.#parts;
    const idle = registry.idle();
    if (idle.length === 0) return;
    const runs = book.active().filter(({ run }) => run.state === 'RUNNING');
    const assignments = decideAssignments({
      runs: runs.map((snapshot) => this.#schedulable(snapshot)),
      idle,
      maxWorkers: options.maxWorkers,
    });
    for (const runId of this.#turns.keys()) if (!book.activeRun(runId)) this.#turns.delete(runId);
    for (const assignment of assignments) {
      if (!assignment.kept) this.#turns.set(assignment.task.runId, ++this.#turn);
      await this.#assign(assignment);
    }
  }

  async #assign({ trainerId, task }: Assignment): Promise<void> {
    const { book, registry, log } = this.#parts;
    const trainerInstance = instanceOf(registry.get(trainerId)!.register);
    // One time for both: an attempt that begins before its pair lies outside of it.
    const startedMs = this.#parts.clock();
    const after = await book.change(task.runId, (change) => {
      const attempts = withAttempt(change.task(task), { trainerId, startedMs });
      change.setTask(task, { state: 'LEASED', trainerId, trainerInstance, error: '', attempts });
      if (change.pair(task.pair).trainStartedMs === undefined) {
        change.setPair(task.pair, { trainStartedMs: startedMs });
      }
      const working = change.tasks().filter((other) => other.state === 'LEASED').length;
      if (working > change.run.workersUsed) change.setRun({ workersUsed: working });
    });
    const assign = this.#message(after, task);
    const trainer = registry.get(trainerId);
    if (!trainer?.stream || instanceOf(trainer.register) !== trainerInstance) {
      const reason = `trainer ${trainerId} left before the assignment was sent`;
      await this.#parts.outcomes.returned(trainerId, { attempt: assign.task!, kind: 'UNDELIVERED', reason });
      return;
    }
    log.info({ ...assign.task, trainerId }, 'task assigned');
    registry.assign(trainer, assign);
    this.#parts.progress.put(task.runId, `worker ${trainerId}`, {
      $case: 'worker',
      value: registry.status(trainer),
    });
  }

  #message(snapshot: RunSnapshot, name: { pair: string; horizon: number }): Assign {
    const { run, pairs, tasks } = snapshot;
    const task = tasks.get(taskKey(name.pair, name.horizon))!;
    const { spec } = run;
    const attempt = { runId: run.runId, pair: task.pair, horizon: task.horizon, attempt: task.attempt };
    return {
      task: attempt,
      dataset: pairs.get(task.pair)!.dataset!,
      fetcherAddress: this.#parts.options.datasets ?? this.#parts.options.fetcher,
      targetWindow: spec.targetWindow,
      preset: spec.preset,
      overrides: spec.overrides,
      seed: taskSeed(spec, task),
      specHash: task.specHash,
      memoryLimitBytes: spec.memoryPerWorkerBytes,
      traceparent: this.#parts.traces.attempt(snapshot, task),
      failedTraceparent: '',
      leaseToken: this.#parts.leaseTokens.tokenOf(attempt, task.trainerInstance),
    };
  }

  #schedulable(snapshot: RunSnapshot): SchedulableRun {
    const { run } = snapshot;
    const tasks = pairsInScope(snapshot).flatMap(({ pair, dataset }) =>
      tasksOf(snapshot, pair).map((task) => ({ ...task, datasetId: dataset?.datasetId ?? '' })),
    );
    return {
      runId: run.runId,
      maxWorkers: Math.min(run.spec.maxWorkers, this.#parts.options.maxWorkers),
      onePairAtATime: run.spec.schedulingPolicy === SchedulingPolicy.SCHEDULING_POLICY_ONE_PAIR_AT_A_TIME,
      lastTurn: this.#turns.get(run.runId) ?? 0,
      ready: tasks.filter((task) => task.state === 'READY'),
      leased: tasks.filter((task) => task.state === 'LEASED'),
    };
  }
}
