import { SchedulingPolicy } from '@onescan/shared/generated/onescan/v1/spec.js';
import type { Assign } from '@onescan/shared/generated/onescan/v1/trainer.js';
import type { Core } from '../core.js';
import type { AttemptOutcomes } from '../hub/attempt-outcomes.js';
import { instanceOf } from '../hub/trainer.js';
import { type RunSnapshot, taskKey } from '../model/run-record.js';
import { pairsInScope, tasksOf } from '../model/run-scope.js';
import { taskSeed } from '../model/task-spec.js';
import { type Assignment, decideAssignments, type SchedulableRun } from './decide-assignments.js';

/** Gives ready tasks to idle trainers. */
export class Dispatcher {
  readonly #core: Core;
  readonly #outcomes: AttemptOutcomes;
  /** When a trainer was last moved to a run, by run; in memory only: who comes first changes no result. */
  readonly #turns = new Map<string, number>();
  #turn = 0;

  constructor(core: Core, outcomes: AttemptOutcomes) {
    this.#core = core;
    this.#outcomes = outcomes;
  }

  /** Assigns what can be assigned now. Called under the lock. */
  async dispatch(): Promise<void> {
    const { book, registry, options } = this.#core;
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
    const { book, registry, log } = this.#core;
    const trainerInstance = instanceOf(registry.get(trainerId)!.register);
    const after = await book.change(task.runId, (change) => {
      change.setTask(task, { state: 'LEASED', trainerId, trainerInstance, error: '' });
      if (change.pair(task.pair).trainStartedMs === undefined) {
        change.setPair(task.pair, { trainStartedMs: this.#core.clock() });
      }
      const working = change.tasks().filter((other) => other.state === 'LEASED').length;
      if (working > change.run.workersUsed) change.setRun({ workersUsed: working });
    });
    const assign = this.#message(after, task);
    const trainer = registry.get(trainerId);
    if (!trainer?.stream || instanceOf(trainer.register) !== trainerInstance) {
      const reason = `trainer ${trainerId} left before the assignment was sent`;
      await this.#outcomes.returned(trainerId, { attempt: assign.task!, kind: 'UNDELIVERED', reason });
      return;
    }
    log.info({ ...assign.task, trainerId }, 'task assigned');
    registry.assign(trainer, assign);
    this.#core.progress.put(task.runId, `worker ${trainerId}`, {
      $case: 'worker',
      value: registry.status(trainer),
    });
  }

  #message({ run, pairs, tasks }: RunSnapshot, name: { pair: string; horizon: number }): Assign {
    const task = tasks.get(taskKey(name.pair, name.horizon))!;
    const { spec } = run;
    const attempt = { runId: run.runId, pair: task.pair, horizon: task.horizon, attempt: task.attempt };
    return {
      task: attempt,
      dataset: pairs.get(task.pair)!.dataset!,
      fetcherAddress: this.#core.options.fetcher,
      targetWindow: spec.targetWindow,
      preset: spec.preset,
      overrides: spec.overrides,
      seed: taskSeed(spec, task),
      specHash: task.specHash,
      memoryLimitBytes: spec.memoryPerWorkerBytes,
      traceparent: this.#core.traces.trainPair(run.runId, pairs.get(task.pair)!),
      failedTraceparent: task.failedTraceparent,
      leaseToken: this.#core.leaseTokens.tokenOf(attempt, task.trainerInstance),
    };
  }

  #schedulable(snapshot: RunSnapshot): SchedulableRun {
    const { run } = snapshot;
    const tasks = pairsInScope(snapshot).flatMap(({ pair, dataset }) =>
      tasksOf(snapshot, pair).map((task) => ({ ...task, datasetId: dataset?.datasetId ?? '' })),
    );
    return {
      runId: run.runId,
      maxWorkers: Math.min(run.spec.maxWorkers, this.#core.options.maxWorkers),
      onePairAtATime: run.spec.schedulingPolicy === SchedulingPolicy.SCHEDULING_POLICY_ONE_PAIR_AT_A_TIME,
      lastTurn: this.#turns.get(run.runId) ?? 0,
      ready: tasks.filter((task) => task.state === 'READY'),
      leased: tasks.filter((task) => task.state === 'LEASED'),
    };
  }
}
