import { RunEvent } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { PairRecord, RunRecord, RunSnapshot, TaskRecord } from '../model/run-record.js';
import { taskKey, timestamp } from '../model/run-record.js';
import { isEnded } from '../states/run-state.js';
import { readActiveRuns } from '../store/run-table.js';
import { readScorings } from '../store/scoring-table.js';
import type { Store } from '../store/store.js';
import { type EventPayload, RunChange } from './run-change.js';

/** Events read at once by a watcher. */
const WATCH_BATCH = 500;

/**
 * The runs: what is stored, what is in memory of those that have not ended, and who watches. Memory
 * changes only after the transaction that holds the change has been committed, so it never knows more than
 * the file does.
 */
export class RunBook {
  readonly store: Store;
  readonly #active = new Map<string, RunSnapshot>();
  readonly #lastSequence = new Map<string, bigint>();
  readonly #scorings = new Map<string, ReadonlyMap<string, number>>();
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #observers: ((before: RunSnapshot, after: RunSnapshot) => void)[] = [];
  readonly #clock: () => number;

  private constructor(store: Store, clock: () => number) {
    this.store = store;
    this.#clock = clock;
  }

  /** Takes up all runs that have not ended. */
  static async open(store: Store, clock: () => number = Date.now): Promise<RunBook> {
    const book = new RunBook(store, clock);
    for (const run of await store.readRunTable(readActiveRuns)) {
      book.#active.set(run.runId, await book.#read(run.runId));
      book.#lastSequence.set(run.runId, await store.readLastSequence(run.runId));
      await book.#readScorings(run.runId);
    }
    return book;
  }

  /** Calls back after each change of a run is stored. */
  observe(observer: (before: RunSnapshot, after: RunSnapshot) => void): void {
    this.#observers.push(observer);
  }

  /** Runs that have not ended, oldest first. */
  active(): RunSnapshot[] {
    return [...this.#active.values()];
  }

  /** A run that has not ended; undefined otherwise. */
  activeRun(runId: string): RunSnapshot | undefined {
    return this.#active.get(runId);
  }

  /** @throws OnescanError NOT_FOUND */
  async get(runId: string): Promise<RunSnapshot> {
    return this.#active.get(runId) ?? (await this.#read(runId));
  }

  /** Stores a new run and makes it active. */
  async create(run: RunRecord, payloads: readonly EventPayload[]): Promise<void> {
    await this.store.createRun(run, this.#events(run.runId, 0n, payloads));
    this.#active.set(run.runId, { run, pairs: new Map(), tasks: new Map() });
    this.#lastSequence.set(run.runId, BigInt(payloads.length));
  }

  /** Gives a run the pairs and tasks of its plan. */
  async setPairsAndTasks(
    runId: string,
    records: { pairs: readonly PairRecord[]; tasks: readonly TaskRecord[] },
  ): Promise<void> {
    await this.store.replacePairsAndTasks(runId, records);
    this.#active.set(runId, {
      run: this.#active.get(runId)!.run,
      pairs: new Map(records.pairs.map((pair) => [pair.pair, pair])),
      tasks: new Map(records.tasks.map((task) => [taskKey(task.pair, task.horizon), task])),
    });
  }

  /**
   * Commits a change of one run, then shows it to readers and watchers. Callers hold the coordinator's
   * one lock, so `edit` sees the newest state.
   */
  async change(runId: string, edit: (change: RunChange) => void): Promise<RunSnapshot> {
    const before = this.#active.get(runId) ?? (await this.#read(runId));
    const change = new RunChange(before);
    edit(change);
    if (change.isEmpty) return before;
    const { after, run, pairs, tasks, payloads, result } = change.finish();
    const last = this.#lastSequence.get(runId) ?? (await this.store.readLastSequence(runId));
    await this.store.commit({
      ...(run ? { run } : {}),
      pairs,
      tasks,
      events: this.#events(runId, last, payloads),
      ...(result ? { result } : {}),
    });
    this.#lastSequence.set(runId, last + BigInt(payloads.length));
    if (result) await this.#readScorings(runId);
    this.#active.set(runId, after);
    if (isEnded(after.run.state)) {
      this.#active.delete(runId);
      this.#scorings.delete(runId);
      this.#lastSequence.delete(runId);
    }
    for (const observe of this.#observers) observe(before, after);
    this.#wake(runId);
    return after;
  }

  /**
   * A run's events after a sequence number: the stored ones, then new ones as they are committed, until
   * the run has ended and all is told. No event is told before readers see the change it tells of.
   *
   * @throws OnescanError NOT_FOUND; OUT_OF_RANGE when events after that number have been removed
   */
  async *watch(runId: string, afterSequence: bigint, signal: AbortSignal): AsyncGenerator<RunEvent> {
    await this.get(runId);
    let last = afterSequence;
    while (!signal.aborted) {
      const next = this.#active.has(runId) ? this.#nextCommit(runId, signal) : undefined;
      try {
        const shown = this.#lastSequence.get(runId);
        const stored = await this.store.readEvents(runId, last, WATCH_BATCH);
        const events = stored.filter(({ sequence }) => shown === undefined || sequence <= shown);
        const [first] = events;
        if (first && first.sequence !== last + 1n) throw prunedEvents(runId, last, first.sequence);
        for (const event of events) yield event;
        last = events.at(-1)?.sequence ?? last;
        if (events.length === 0) {
          if (!next) return;
          await next.committed;
        }
      } finally {
        next?.forget();
      }
    }
  }

  /** Which scoring of the same rows the results of a run that has not ended are, by task key. */
  scorings(runId: string): ReadonlyMap<string, number> {
    return this.#scorings.get(runId) ?? new Map();
  }

  async #readScorings(runId: string): Promise<void> {
    this.#scorings.set(runId, await this.store.readRunTable((reader) => readScorings(reader, runId)));
  }

  async #read(runId: string): Promise<RunSnapshot> {
    const snapshot = await this.store.readRun(runId);
    if (snapshot) return snapshot;
    throw new OnescanError('NOT_FOUND', `there is no run "${runId}"`, {
      remedy: 'List the runs to see their ids',
      details: { runId },
    });
  }

  #events(runId: string, last: bigint, payloads: readonly EventPayload[]): RunEvent[] {
    const time = timestamp(this.#clock());
    return payloads.map((event, i) =>
      RunEvent.create({ runId, sequence: last + BigInt(i + 1), time, event } as RunEvent),
    );
  }

  /** The next change of a run, or the end of the watch; forgotten when it is not waited for any more. */
  #nextCommit(runId: string, signal: AbortSignal): { committed: Promise<void>; forget: () => void } {
    const watchers = this.#watchers.get(runId) ?? new Set();
    this.#watchers.set(runId, watchers);
    let forget = (): void => undefined;
    const committed = new Promise<void>((resolve) => {
      forget = () => {
        watchers.delete(forget);
        if (watchers.size === 0 && this.#watchers.get(runId) === watchers) this.#watchers.delete(runId);
        signal.removeEventListener('abort', forget);
        resolve();
      };
    });
    watchers.add(forget);
    signal.addEventListener('abort', forget, { once: true });
    return { committed, forget };
  }

  /** Watches that wait for something to happen. */
  get waiting(): number {
    return [...this.#watchers.values()].reduce((sum, { size }) => sum + size, 0);
  }

  #wake(runId: string): void {
    const watchers = [...(this.#watchers.get(runId) ?? [])];
    this.#watchers.delete(runId);
    for (const wake of watchers) wake();
  }
}

function prunedEvents(runId: string, after: bigint, first: bigint): OnescanError {
  return new OnescanError(
    'OUT_OF_RANGE',
    `the events of run ${runId} after ${after} and before ${first} have been removed`,
    {
      remedy: `Read the run itself, and watch it after ${first - 1n}; --keep-events and --keep-event-days say what is kept`,
      details: { runId, firstSequence: Number(first) },
    },
  );
}
