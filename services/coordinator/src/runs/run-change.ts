import type { RunEvent } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { HorizonResult } from '@onescan/contract/generated/onescan/v1/result.js';
import { reasonText } from '@onescan/contract/reasons/reason.js';
import {
  type PairRecord,
  type RunRecord,
  type RunSnapshot,
  type TaskRecord,
  taskKey,
} from '../model/run-record.js';
import { scoringOf } from '../model/scoring.js';
import { PAIR_TRANSITIONS } from '../states/pair-state.js';
import { RUN_TRANSITIONS } from '../states/run-state.js';
import { TASK_TRANSITIONS } from '../states/task-state.js';
import { requireTransition } from '../states/transition.js';
import type { ResultToStore } from '../store/write-rows.js';
import { pairStatus, runStateToProto, taskStatus } from './run-view.js';

export type EventPayload = NonNullable<RunEvent['event']>;

/**
 * Changes to one run that will be committed together. Every change of state is checked against its state
 * machine, and every changed pair and task becomes an event.
 */
export class RunChange {
  readonly #before: RunSnapshot;
  #run: RunRecord | undefined;
  readonly #pairs = new Map<string, PairRecord>();
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #payloads: EventPayload[] = [];
  #result: ResultToStore | undefined;

  constructor(before: RunSnapshot) {
    this.#before = before;
  }

  get run(): RunRecord {
    return this.#run ?? this.#before.run;
  }

  /** The tasks as they will be. */
  tasks(): TaskRecord[] {
    return [...this.#before.tasks].map(([key, task]) => this.#tasks.get(key) ?? task);
  }

  /** The run as it will be. */
  snapshot(): RunSnapshot {
    return this.finish().after;
  }

  /** @throws OnescanError INTERNAL on an illegal transition */
  setRun(fields: Partial<RunRecord>): void {
    const before = this.run;
    if (fields.state !== undefined && fields.state !== before.state) {
      requireTransition(RUN_TRANSITIONS, `run ${before.runId}`, { from: before.state, to: fields.state });
    }
    this.#run = { ...before, ...fields };
  }

  /** A pair as it will be. */
  pair(pair: string): PairRecord {
    return this.#pairs.get(pair) ?? this.#before.pairs.get(pair)!;
  }

  /** @throws OnescanError INTERNAL on an illegal transition */
  setPair(pair: string, fields: Partial<PairRecord>): void {
    const before = this.pair(pair);
    if (fields.state !== undefined && fields.state !== before.state) {
      requireTransition(PAIR_TRANSITIONS, `pair ${pair}`, { from: before.state, to: fields.state });
    }
    this.#pairs.set(pair, { ...before, ...fields });
  }

  /** A task as it will be. */
  task({ pair, horizon }: { pair: string; horizon: number }): TaskRecord {
    const key = taskKey(pair, horizon);
    return this.#tasks.get(key) ?? this.#before.tasks.get(key)!;
  }

  /** @throws OnescanError INTERNAL on an illegal transition */
  setTask(task: { pair: string; horizon: number }, fields: Partial<TaskRecord>): void {
    const key = taskKey(task.pair, task.horizon);
    const before = this.task(task);
    if (fields.state !== undefined && fields.state !== before.state) {
      requireTransition(TASK_TRANSITIONS, `task ${key}`, { from: before.state, to: fields.state });
    }
    this.#tasks.set(key, { ...before, ...fields });
  }

  /** Stores a result and its ledger with the task's change. */
  setResult(task: { pair: string; horizon: number }, result: HorizonResult): void {
    const after = this.#tasks.get(taskKey(task.pair, task.horizon));
    if (!after) throw new Error('a result is stored together with its task');
    const scoring = scoringOf(this.run, this.pair(task.pair), after, result);
    this.#result = { task: after, result, ...(scoring ? { scoring } : {}) };
  }

  /** Adds an event beside those of the changed records. */
  event(payload: EventPayload): void {
    this.#payloads.push(payload);
  }

  note(text: string): void {
    this.event({ $case: 'note', value: text });
  }

  get isEmpty(): boolean {
    return !this.#run && this.#pairs.size === 0 && this.#tasks.size === 0 && this.#payloads.length === 0;
  }

  /** The run as it will be, with what must be written. */
  finish(): {
    after: RunSnapshot;
    run: RunRecord | undefined;
    pairs: PairRecord[];
    tasks: TaskRecord[];
    payloads: EventPayload[];
    result: ResultToStore | undefined;
  } {
    const pairs = new Map(this.#before.pairs);
    for (const [key, pair] of this.#pairs) pairs.set(key, pair);
    const tasks = new Map(this.#before.tasks);
    for (const [key, task] of this.#tasks) tasks.set(key, task);
    return {
      after: { run: this.run, pairs, tasks },
      run: this.#run,
      pairs: [...this.#pairs.values()],
      tasks: [...this.#tasks.values()],
      payloads: this.#allPayloads(),
      result: this.#result,
    };
  }

  /** Pairs and tasks first, so that a run's end is its last event. */
  #allPayloads(): EventPayload[] {
    const payloads: EventPayload[] = [];
    for (const pair of this.#pairs.values()) payloads.push({ $case: 'pair', value: pairStatus(pair) });
    for (const task of this.#tasks.values()) payloads.push({ $case: 'task', value: taskStatus(task) });
    payloads.push(...this.#payloads);
    const stateChanged = this.#run && this.#run.state !== this.#before.run.state;
    const problemsChanged = this.#run && this.#run.problems !== this.#before.run.problems;
    if (stateChanged || problemsChanged) {
      const { state, problems } = this.run;
      payloads.push({
        $case: 'runState',
        value: { state: runStateToProto(state), problems: problems.map(reasonText) },
      });
    }
    return payloads;
  }
}
