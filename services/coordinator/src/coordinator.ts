import { join } from 'node:path';
import { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { AuditLog } from '@onescan/process/audit/audit-log.js';
import { readGrantKey } from '@onescan/process/fetch-grant.js';
import { createClient } from '@onescan/process/grpc/client.js';
import { clientSecurity } from '@onescan/process/grpc/service-security.js';
import type { Logger } from '@onescan/process/log.js';
import { readOrCreateSecret } from '@onescan/process/secret-file.js';
import { RunCommands } from './commands/run-commands.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import { RunEnding } from './ending/run-ending.js';
import { LATE_BILLS_MS, LateBills } from './fetching/late-bills.js';
import { PairFetches } from './fetching/pair-fetches.js';
import { RETENTION_MS, RunHistory } from './history/run-history.js';
import { LeaseTokens } from './hub/attempt.js';
import { AttemptOutcomes } from './hub/attempt-outcomes.js';
import { LeaseWatch, leaseCheckMs } from './hub/lease-watch.js';
import type { Trainer } from './hub/trainer.js';
import { TrainerHub } from './hub/trainer-hub.js';
import { TrainerRegistry } from './hub/trainer-registry.js';
import { PlanStage } from './planning/plan-stage.js';
import type { RenderReport } from './report/report-data.js';
import { KeptSpans } from './runs/kept-spans.js';
import type { RestTerms } from './runs/pilot-report.js';
import { ProgressBuffer } from './runs/progress-buffer.js';
import { RunBook } from './runs/run-book.js';
import { runProgress } from './runs/run-progress.js';
import { RunTraces } from './runs/run-traces.js';
import { Work } from './runs/work.js';
import { Demand } from './scaling/demand.js';
import { Dispatcher } from './scheduling/dispatcher.js';
import type { ServiceParts } from './service/coordinator-service.js';
import { PageSessions } from './sessions/page-sessions.js';
import { BACKUP_CHECK_MS, BackupSchedule } from './store/backup-schedule.js';
import { removeTornFiles } from './store/run-folder.js';
import { Store } from './store/store.js';
import { TaskFiles } from './store/task-files.js';

/** How often progress is stored, in milliseconds: twice a second. */
const PROGRESS_MS = 500;

/** A run whose plan could not be stored (a full disk) is planned again after this time, in milliseconds. */
const REPLAN_MS = 5_000;

/** The time of day, which may jump, and one for durations, which may not. Both in milliseconds. */
export interface Clocks {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

const SYSTEM_CLOCKS: Clocks = { wall: () => Date.now(), monotonic: () => performance.now() };

/** What the stages share; each names those that it uses. */
interface Parts {
  readonly options: CoordinatorOptions;
  readonly log: Logger;
  /** The time of day in milliseconds, for what people read; it may jump. */
  readonly clock: () => number;
  /** Milliseconds for durations; never goes back. */
  readonly monotonic: () => number;
  readonly work: Work;
  readonly book: RunBook;
  readonly registry: TrainerRegistry;
  readonly traces: RunTraces;
  readonly keptSpans: KeptSpans;
  readonly progress: ProgressBuffer;
  readonly fetcher: FetcherServiceClient;
  readonly taskFiles: TaskFiles;
  readonly leaseTokens: LeaseTokens;
  readonly grantKey: Uint8Array | undefined;
  readonly audit: AuditLog;
  readonly sessions: PageSessions;
  readonly restTerms: () => RestTerms;
  readonly renderReport: RenderReport | undefined;
}

/** The coordinator without its sockets: commands from users, messages from trainers, and time. */
export class Coordinator {
  /** For the API for users. */
  readonly service: ServiceParts;
  /** For the API for trainers. */
  readonly hub: TrainerHub;
  /** For whoever starts and stops trainers. */
  readonly demand: Demand;
  readonly #parts: Parts;
  readonly #bills: LateBills;
  readonly #backups: BackupSchedule;
  readonly #history: RunHistory;
  readonly #plans: PlanStage;
  readonly #fetches: PairFetches;
  readonly #dispatcher: Dispatcher;
  readonly #leases: LeaseWatch;
  readonly #ending: RunEnding;
  readonly #timers: NodeJS.Timeout[] = [];

  private constructor(shared: Parts) {
    const parts = { ...shared, advance: () => this.#advance() };
    const { registry, book, options } = parts;
    this.#parts = parts;
    this.#plans = new PlanStage(parts);
    this.#fetches = new PairFetches(parts);
    const outcomes = new AttemptOutcomes(parts);
    this.#leases = new LeaseWatch({ ...parts, outcomes });
    this.#dispatcher = new Dispatcher({ ...parts, outcomes });
    this.#ending = new RunEnding(parts);
    this.demand = new Demand(parts);
    this.#bills = new LateBills(parts);
    this.#backups = new BackupSchedule(book.store, options, parts.clock);
    this.#history = new RunHistory(parts);
    this.hub = new TrainerHub({ ...parts, outcomes });
    const commands = new RunCommands({
      ...parts,
      plan: (runId) => this.#plans.start(runId),
      abortFetches: (runId, pair) => this.#fetches.abort(runId, pair),
      cancelAttempt: (task, reason) => {
        const trainer = registry.get(task.trainerId);
        if (trainer) registry.cancel(trainer, task, reason);
      },
    });
    this.service = {
      ...parts,
      commands,
      history: this.#history,
      bills: this.#bills,
      backups: this.#backups,
    };
  }

  /** Opens the state folder and takes up the runs that have not ended. */
  static async open(
    options: CoordinatorOptions,
    log: Logger,
    { clocks = SYSTEM_CLOCKS, renderReport }: { clocks?: Clocks; renderReport?: RenderReport } = {},
  ): Promise<Coordinator> {
    const { wall: clock, monotonic } = clocks;
    const { stateDir, grantKey } = options;
    const security = clientSecurity(options, options.fetcherTokenFile);
    const book = await RunBook.open(await Store.open(stateDir), clock);
    const torn = removeTornFiles(stateDir);
    if (torn.length > 0)
      log.warn({ torn: torn.length }, 'removed what was being written when the coordinator ended');
    const registry = new TrainerRegistry({
      leaseMs: options.leaseMs - 2 * leaseCheckMs(options),
      reconnectGraceMs: options.reconnectGraceMs,
      clock: monotonic,
      onConnections: (trainer) => coordinator.#onConnections(trainer),
    });
    const keptSpans = new KeptSpans(stateDir, log);
    const coordinator = new Coordinator({
      options,
      log,
      clock,
      monotonic,
      work: new Work(log),
      book,
      registry,
      traces: new RunTraces((run) => keptSpans.collect(run)),
      keptSpans,
      progress: new ProgressBuffer(),
      fetcher: createClient(FetcherServiceClient, options.fetcher, {}, security),
      taskFiles: new TaskFiles(stateDir),
      leaseTokens: new LeaseTokens(readOrCreateSecret(join(stateDir, 'lease.key'))),
      grantKey: grantKey === undefined ? undefined : readGrantKey(grantKey),
      audit: new AuditLog(stateDir),
      sessions: PageSessions.open(stateDir),
      renderReport,
      restTerms: () => ({ workersConnected: registry.connected().length, fetchesAtOnce: options.fetchAhead }),
    });
    await coordinator.#takeUp();
    return coordinator;
  }

  /** Calls back when the state file can no longer be used: the process must end. */
  whenFatal(callback: (thrown: unknown) => void): void {
    this.#parts.book.store.whenFatal(callback);
  }

  /** Stops all work, stores what is under way and closes the file. Runs go on at the next start. */
  async close(): Promise<void> {
    const { work, registry, traces, fetcher, book, audit } = this.#parts;
    for (const timer of this.#timers) clearInterval(timer);
    this.demand.stop();
    await work.stop();
    for (const trainer of registry.connected()) {
      trainer.stream?.end(new OnescanError('UNAVAILABLE', 'the coordinator is shutting down'));
    }
    traces.close();
    fetcher.close();
    await book.store.close();
    audit.close();
  }

  /** Moves every run on as far as it goes. Called under the lock. */
  async #advance(): Promise<void> {
    const { book, progress } = this.#parts;
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
    this.demand.update();
  }

  /** Logs the worker count and tells the watchers of running runs. */
  #onConnections(trainer: Trainer): void {
    const { registry, options, log, book, progress } = this.#parts;
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

  async #takeUp(): Promise<void> {
    const { work, book, registry, traces, keptSpans, log } = this.#parts;
    await work.exclusive(async () => {
      await this.#history.pruneEvents();
      for (const snapshot of book.active()) {
        const { run, pairs, tasks } = snapshot;
        traces.reopen(snapshot, keptSpans.written(run.runId));
        log.info({ runId: run.runId, state: run.state }, 'taking up a run');
        for (const task of tasks.values()) {
          if (task.state !== 'LEASED') continue;
          const { runId, pair, horizon, attempt, trainerInstance: instance } = task;
          const { datasetId } = pairs.get(pair)!.dataset!;
          const held = { attempt: { runId, pair, horizon, attempt }, datasetId, instance };
          registry.expect(task.trainerId, held);
        }
      }
      await this.#advance();
    });
    this.#planAll();
    this.#startTimers();
  }

  #planAll(): void {
    for (const { run } of this.#parts.book.active()) {
      if (run.state === 'PLANNING') this.#plans.start(run.runId);
    }
  }

  #startTimers(): void {
    const checkMs = leaseCheckMs(this.#parts.options);
    // Not under the lock: waiting for it is no stall.
    this.#timers.push(setInterval(() => this.#leases.forgiveOwnStall(), checkMs));
    this.#every(PROGRESS_MS, 'store progress', () => this.#storeProgress());
    this.#every(checkMs, 'check leases', async () => {
      await this.#leases.takeBack();
      await this.#advance();
    });
    this.#every(REPLAN_MS, 'plan', async () => this.#planAll());
    this.#timers.push(setInterval(() => this.#bills.lookAll(), LATE_BILLS_MS));
    this.#bills.lookAll();
    this.#everyApart(BACKUP_CHECK_MS, 'back the state up', () => this.#backUpIfDue());
    this.#everyApart(RETENTION_MS, 'remove old runs', () => this.#history.prune());
    this.#parts.work.background('remove old runs', () => this.#history.prune());
    this.#every(RETENTION_MS, 'prune events', () => this.#history.pruneEvents());
  }

  async #storeProgress(): Promise<void> {
    for (const { run } of this.#parts.book.active()) this.#parts.keptSpans.collect(run);
    for (const [runId, payloads] of this.#parts.progress.take()) {
      if (!this.#parts.book.activeRun(runId)) continue;
      await this.#parts.book.change(runId, (change) => {
        for (const payload of payloads) change.event(payload);
      });
    }
  }

  async #backUpIfDue(): Promise<void> {
    const backup = await this.#backups.runIfDue();
    if (backup) this.#parts.log.info({ ...backup }, 'backed the state up');
  }

  #every(ms: number, what: string, fn: () => Promise<void>): void {
    this.#everyApart(ms, what, () => this.#parts.work.exclusive(fn));
  }

  /** As #every, without the lock. */
  #everyApart(ms: number, what: string, fn: () => Promise<void>): void {
    let running = false;
    this.#timers.push(
      setInterval(() => {
        if (running) return;
        running = true;
        this.#parts.work.background(what, () => fn().finally(() => (running = false)));
      }, ms),
    );
  }
}
