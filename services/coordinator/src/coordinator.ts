import { FetcherServiceClient } from '@onescan/shared/generated/onescan/v1/fetcher.js';
import { createClient } from '@onescan/shared/grpc/client.js';
import type { Logger } from '@onescan/shared/log.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { RunCommands } from './commands/run-commands.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import { Core } from './core.js';
import { PRUNE_EVENTS_MS, pruneEvents } from './ending/event-retention.js';
import { RunEnding } from './ending/run-ending.js';
import { FetchStage } from './fetching/fetch-stage.js';
import { LATE_BILLS_MS, LateBills } from './fetching/late-bills.js';
import { RETENTION_MS, RunHistory } from './history/run-history.js';
import { sameAttempt } from './hub/attempt-key.js';
import { AttemptOutcomes } from './hub/attempt-outcomes.js';
import type { Trainer } from './hub/trainer.js';
import { TrainerHub } from './hub/trainer-hub.js';
import { TrainerRegistry } from './hub/trainer-registry.js';
import type { PairRecord, RunSnapshot } from './model/run-record.js';
import { PlanStage } from './planning/plan-stage.js';
import { ProgressBuffer } from './runs/progress-buffer.js';
import { RunBook } from './runs/run-book.js';
import { runProgress } from './runs/run-progress.js';
import { RunTraces } from './runs/run-traces.js';
import { Dispatcher } from './scheduling/dispatcher.js';
import { isTaskEnded } from './states/task-state.js';
import { BACKUP_CHECK_MS, BackupSchedule } from './store/backup-schedule.js';
import { removeTornFiles } from './store/run-folder.js';
import { Store } from './store/store.js';

/** How often progress is stored, in milliseconds: twice a second. */
const PROGRESS_MS = 500;

/** A run whose plan could not be stored (a full disk) is planned again after this time, in milliseconds. */
const REPLAN_MS = 5_000;

/** Checks for lost trainers a lease: silence is noticed within the lease, not up to a check after it. */
const CHECKS_A_LEASE = 20;

/** A trainer that stays away may be noticed a quarter of the grace later. */
const CHECKS_A_GRACE = 4;

/** The time of day, which may jump, and one for durations, which may not. Both in milliseconds. */
export interface Clocks {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

const SYSTEM_CLOCKS: Clocks = { wall: () => Date.now(), monotonic: () => performance.now() };

/** The coordinator without its sockets: commands from users, messages from trainers, and time. */
export class Coordinator {
  readonly core: Core;
  readonly commands: RunCommands;
  readonly hub: TrainerHub;
  readonly bills: LateBills;
  readonly backups: BackupSchedule;
  readonly history: RunHistory;
  readonly #plans: PlanStage;
  readonly #fetches: FetchStage;
  readonly #dispatcher: Dispatcher;
  readonly #outcomes: AttemptOutcomes;
  readonly #ending: RunEnding;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #checkMs: number;
  #lastCheckMs: number;

  private constructor(core: Core) {
    this.core = core;
    this.#checkMs = checkMs(core.options);
    this.#lastCheckMs = core.monotonic();
    const advance = (): Promise<void> => this.#advance();
    this.#plans = new PlanStage(core, advance);
    this.#fetches = new FetchStage(core, advance);
    this.#outcomes = new AttemptOutcomes(core);
    this.#dispatcher = new Dispatcher(core, this.#outcomes);
    this.#ending = new RunEnding(core);
    this.bills = new LateBills(core);
    this.backups = new BackupSchedule(core.book.store, core.options, core.clock);
    this.history = new RunHistory(core);
    this.hub = new TrainerHub(core, this.#outcomes, advance);
    this.commands = new RunCommands(core, {
      advance,
      plan: (runId) => this.#plans.start(runId),
      abortFetches: (runId, pair) => this.#fetches.abort(runId, pair),
      cancelAttempt: (task, reason) => {
        const trainer = core.registry.get(task.trainerId);
        if (trainer) core.registry.cancel(trainer, task, reason);
      },
    });
  }

  /** Opens the state folder and takes up the runs that have not ended. */
  static async open(
    options: CoordinatorOptions,
    log: Logger,
    clocks: Clocks = SYSTEM_CLOCKS,
  ): Promise<Coordinator> {
    const { wall: clock, monotonic } = clocks;
    const book = await RunBook.open(await Store.open(options.stateDir), clock);
    const torn = removeTornFiles(options.stateDir);
    if (torn.length > 0)
      log.warn({ torn: torn.length }, 'removed what was being written when the coordinator ended');
    const registry = new TrainerRegistry({
      leaseMs: options.leaseMs - 2 * checkMs(options),
      reconnectGraceMs: options.reconnectGraceMs,
      clock: monotonic,
      onConnections: (trainer) => coordinator.#onConnections(trainer),
    });
    const fetcher = createClient(FetcherServiceClient, options.fetcher);
    const traces = new RunTraces();
    const progress = new ProgressBuffer();
    const core = new Core({ options, log, clock, monotonic, book, registry, traces, progress, fetcher });
    const coordinator = new Coordinator(core);
    await core.exclusive(() => pruneEvents(core));
    await coordinator.#takeUpRuns();
    coordinator.#startTimers();
    return coordinator;
  }

  /** Stops all work, stores what is under way and closes the file. Runs go on at the next start. */
  async close(): Promise<void> {
    const { core } = this;
    for (const timer of this.#timers) clearInterval(timer);
    await core.stop();
    for (const trainer of core.registry.connected()) {
      trainer.stream?.end(new OnescanError('UNAVAILABLE', 'the coordinator is shutting down'));
    }
    core.traces.close();
    core.fetcher.close();
    await core.book.store.close();
  }

  /** Moves every run on as far as it goes. Called under the lock. */
  async #advance(): Promise<void> {
    const { book, progress } = this.core;
    for (const { run } of book.active()) {
      const snapshot = book.activeRun(run.runId);
      if (snapshot?.run.state === 'RUNNING') await this.#fetches.startDue(snapshot);
    }
    await this.#dispatcher.dispatch();
    for (const snapshot of book.active()) {
      if (snapshot.run.state !== 'RUNNING') continue;
      progress.putProgress(snapshot.run.runId, runProgress(snapshot));
      await this.#ending.check(snapshot);
    }
  }

  /** Logs the worker count and tells the watchers of running runs. */
  #onConnections(trainer: Trainer): void {
    const { registry, options, log, book, progress } = this.core;
    const connected = registry.connected().length;
    log.info(
      { connected, allowed: options.maxWorkers },
      `workers: ${connected} connected, ${options.maxWorkers} allowed`,
    );
    const value = registry.status(trainer);
    for (const { run } of book.active()) {
      progress.put(run.runId, `worker ${trainer.trainerId}`, { $case: 'worker', value });
    }
  }

  async #takeUpRuns(): Promise<void> {
    const { book, registry, traces, log } = this.core;
    await this.core.exclusive(async () => {
      for (const { run, pairs, tasks } of book.active()) {
        traces.reopen(run.runId, run.traceparent, run.createdMs);
        for (const pair of pairs.values()) if (isTraining(pair, tasks)) traces.trainPair(run.runId, pair);
        log.info({ runId: run.runId, state: run.state }, 'taking up a run');
        for (const task of tasks.values()) {
          if (task.state !== 'LEASED') continue;
          const { runId, pair, horizon, attempt, trainerInstance: instance } = task;
          const { datasetId } = pairs.get(pair)!.dataset!;
          registry.expect(task.trainerId, {
            attempt: { runId, pair, horizon, attempt },
            datasetId,
            instance,
          });
        }
      }
      await this.#advance();
    });
    this.#planAll();
  }

  #planAll(): void {
    for (const { run } of this.core.book.active()) {
      if (run.state === 'PLANNING') this.#plans.start(run.runId);
    }
  }

  #startTimers(): void {
    // Not under the lock: waiting for it is no stall.
    this.#timers.push(setInterval(() => this.#forgiveOwnStall(), this.#checkMs));
    this.#every(PROGRESS_MS, 'store progress', () => this.#storeProgress());
    this.#every(this.#checkMs, 'check leases', () => this.#checkLeases());
    this.#every(REPLAN_MS, 'plan', async () => this.#planAll());
    this.#timers.push(setInterval(() => this.bills.lookAll(), LATE_BILLS_MS));
    this.bills.lookAll();
    this.#everyApart(BACKUP_CHECK_MS, 'back the state up', () => this.#backUpIfDue());
    this.#everyApart(RETENTION_MS, 'remove old runs', () => this.history.prune());
    this.core.background('remove old runs', () => this.history.prune());
    this.#every(PRUNE_EVENTS_MS, 'prune events', () => pruneEvents(this.core));
  }

  async #storeProgress(): Promise<void> {
    for (const [runId, payloads] of this.core.progress.take()) {
      if (!this.core.book.activeRun(runId)) continue;
      await this.core.book.change(runId, (change) => {
        for (const payload of payloads) change.event(payload);
      });
    }
  }

  /** Takes back tasks whose trainer fell silent or is not known to have them. */
  async #checkLeases(): Promise<void> {
    const { registry, book } = this.core;
    for (const { trainer, lost } of registry.takeLost())
      await this.#outcomes.returned(trainer.trainerId, lost);
    for (const { tasks } of book.active()) {
      for (const task of tasks.values()) {
        const current = registry.get(task.trainerId)?.current;
        if (task.state !== 'LEASED' || (current && sameAttempt(current.attempt, task))) continue;
        const reason = `trainer ${task.trainerId} is not known to have it`;
        await this.#outcomes.returned(task.trainerId, { attempt: task, kind: 'LOST', reason });
      }
    }
    await this.#advance();
  }

  async #backUpIfDue(): Promise<void> {
    const backup = await this.backups.runIfDue();
    if (backup) this.core.log.info({ ...backup }, 'backed the state up');
  }

  /** A check that comes late says that this process stood still, not that trainers did. */
  #forgiveOwnStall(): void {
    const now = this.core.monotonic();
    const lateMs = now - this.#lastCheckMs - this.#checkMs;
    this.#lastCheckMs = now;
    if (lateMs > this.#checkMs) this.core.registry.forgive(lateMs);
  }

  #every(ms: number, what: string, fn: () => Promise<void>): void {
    this.#everyApart(ms, what, () => this.core.exclusive(fn));
  }

  /** As #every, without the lock. */
  #everyApart(ms: number, what: string, fn: () => Promise<void>): void {
    let running = false;
    this.#timers.push(
      setInterval(() => {
        if (running) return;
        running = true;
        this.core.background(what, () => fn().finally(() => (running = false)));
      }, ms),
    );
  }
}

/** True when a trainer has begun with a pair and has not ended it: its span was open. */
function isTraining(pair: PairRecord, tasks: RunSnapshot['tasks']): boolean {
  const open = [...tasks.values()].some((task) => task.pair === pair.pair && !isTaskEnded(task.state));
  return pair.trainStartedMs !== undefined && open;
}

/** Time between two checks of the leases, in milliseconds. */
function checkMs({ leaseMs, reconnectGraceMs }: CoordinatorOptions): number {
  const soonest = Math.min(leaseMs / CHECKS_A_LEASE, reconnectGraceMs / CHECKS_A_GRACE);
  return Math.max(10, Math.floor(soonest));
}
