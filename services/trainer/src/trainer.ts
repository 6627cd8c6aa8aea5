import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Interceptor } from '@grpc/grpc-js';
import type {
  Ack,
  Assign,
  ConnectRequest,
  ConnectResponse,
  TaskAttempt,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { kernelVersion } from '@onescan/learn/kernels/load-kernel.js';
import type { Logger } from '@onescan/process/log.js';
import type { ProcessMemory } from '@onescan/process/process-memory.js';
import { PRODUCT_VERSION } from '@onescan/process/product-version.js';
import { COMPUTE_PROGRAM } from './compute/compute-thread.js';
import { newDownloadFolder, removeStaleDownloads } from './compute/download-folder.js';
import { exitWhenIdle } from './exit-when-idle.js';
import { HubConnection } from './hub/hub-connection.js';
import { lossReason } from './hub/loss-reason.js';
import { Outbox } from './hub/outbox.js';
import { LifeCycle, type TrainerState } from './life-cycle.js';
import { describeMemory, MemoryGuard } from './memory/memory-guard.js';
import type { TrainerMetrics } from './metrics/trainer-metrics.js';
import {
  type CompleteAssign,
  failureMessage,
  heartbeatMessage,
  requireComplete,
} from './tasks/task-messages.js';
import { TaskRunner } from './tasks/task-runner.js';
import type { TrainerOptions } from './trainer-options.js';

/** Time for the stream to end after the last message, in milliseconds. */
const CLOSE_GRACE_MS = 1_000;

/** Time for the acknowledgement of what was handed back when the grace period was over. */
const ACKNOWLEDGE_GRACE_MS = 1_000;

/** Against a coordinator that sends no interval. */
const MINIMUM_HEARTBEAT_MS = 100;

export interface TrainerDependencies {
  log: Logger;
  /** Program of the compute thread; tests put a scripted one here. */
  program?: URL;
  /** Called with every new state, before what it brings about. */
  onState?: (state: TrainerState) => void;
  /** Memory of the process; tests put figures here. */
  readMemory?: () => ProcessMemory;
  /** Absent: nothing is measured. */
  measured?: { readonly tasks: TrainerMetrics; readonly calls: Interceptor[] };
}

/**
 * A trainer: dials the coordinator, computes what it is given in a thread of its own, and answers with
 * results. Everything here runs on the main thread, which never computes, so heartbeats never stall.
 */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #log: Logger;
  readonly #life: LifeCycle;
  readonly #connection: HubConnection;
  readonly #outbox = new Outbox();
  readonly #guard: MemoryGuard;
  readonly #runner: TaskRunner;
  /** Made when a dataset is downloaded. */
  readonly #downloadFolder = newDownloadFolder();
  /** A restarted process may have the same id, host and process id; never this. */
  readonly #instanceId = randomUUID();
  readonly #over: Promise<void>;
  #settle: { stop(): void; fail(error: OnescanError): void } = { stop: () => {}, fail: () => {} };
  #registered = false;
  #closing = false;
  #heartbeat: NodeJS.Timeout | undefined;
  #graceTimer: NodeJS.Timeout | undefined;

  constructor(options: TrainerOptions, { log, program, onState, readMemory, measured }: TrainerDependencies) {
    this.#options = options;
    this.#log = log;
    this.#over = new Promise((stop, fail) => {
      this.#settle = { stop, fail };
    });
    const watchIdleness = exitWhenIdle(options.exitWhenIdleMs, (reason) => this.drain(reason));
    this.#life = new LifeCycle((state, before) => {
      log.info({ state, before }, 'state');
      watchIdleness(state);
      onState?.(state);
    });
    this.#guard = new MemoryGuard({
      limitBytes: options.memoryLimitBytes,
      onPressure: (sample) => {
        log.debug({ level: sample.level, memory: describeMemory(sample) }, 'memory');
        this.#runner.onPressure(sample);
      },
      ...(readMemory ? { readMemory } : {}),
    });
    this.#runner = this.#createRunner(program ?? COMPUTE_PROGRAM, measured?.tasks);
    this.#connection = this.#createConnection(measured?.calls);
  }

  get state(): TrainerState {
    return this.#life.state;
  }

  /**
   * Connects and works until drained.
   *
   * @throws OnescanError when the coordinator refuses this trainer for good
   */
  async run(): Promise<void> {
    const stale = removeStaleDownloads();
    if (stale.length > 0) this.#log.warn({ stale }, 'removed copies of datasets that dead trainers had left');
    this.#life.to('CONNECTING');
    this.#guard.start();
    this.#connection.open();
    await this.#over;
  }

  /**
   * Takes nothing new, finishes the task in hand, waits until the ends of tasks are acknowledged, stops.
   * What is not finished after `graceMs` is handed back.
   */
  drain(reason: string, graceMs = this.#options.graceMs): void {
    if (this.#life.isEnding) return;
    this.#log.info({ reason, graceMs }, 'draining');
    this.#life.to('DRAINING');
    this.#runner.handBackQueue(reason);
    this.#graceTimer = setTimeout(() => {
      this.#runner.handBackAll(`not finished within ${graceMs} ms of draining: ${reason}`);
      this.#graceTimer = setTimeout(() => this.#end(), ACKNOWLEDGE_GRACE_MS);
    }, graceMs);
    this.#beat();
    this.#endWhenDrained();
  }

  #createRunner(program: URL, measured: TrainerMetrics | undefined): TaskRunner {
    const { id: trainerId, coordinator, threads, security } = this.#options;
    return new TaskRunner({
      ...{ trainerId, coordinator, threads, program, measured, log: this.#log },
      ...(security ? { security } : {}),
      ...{ guard: this.#guard, downloadFolder: this.#downloadFolder },
      onProgress: (task, stage, fraction) => {
        this.#connection.send({ message: { $case: 'progress', value: { task, stage, fraction } } });
      },
      onEnd: (task, message) => this.#post(task, message),
      onChange: () => {
        this.#refreshState();
        this.#beat();
        this.#endWhenDrained();
      },
    });
  }

  #createConnection(interceptors: Interceptor[] | undefined): HubConnection {
    return new HubConnection({
      interceptors,
      address: this.#options.coordinator,
      ...(this.#options.security ? { security: this.#options.security } : {}),
      onOpen: () => this.#register(),
      onMessage: (message) => this.#onMessage(message),
      onLost: (error, waitMs) => {
        this.#registered = false;
        clearInterval(this.#heartbeat);
        const { code } = error;
        void lossReason(error, this.#options.coordinator, this.#options.security).then((reason) =>
          this.#log.warn({ code, reason, waitMs }, 'no stream to the coordinator'),
        );
        this.#refreshState();
      },
      onRefused: (error) => this.#end(error),
    });
  }

  /** Attempts that are worked on, wait or have an end that is not acknowledged. */
  get #holding(): TaskAttempt[] {
    return [...this.#runner.workingOn, ...this.#outbox.attempts()];
  }

  #register(): void {
    this.#connection.send({
      message: {
        $case: 'register',
        value: {
          trainerId: this.#options.id,
          host: hostname(),
          processId: process.pid,
          memoryLimitBytes: BigInt(this.#options.memoryLimitBytes),
          threads: this.#options.threads,
          version: PRODUCT_VERSION,
          kernelVersion: kernelVersion(),
          heldDatasetIds: this.#runner.heldDatasetId ? [this.#runner.heldDatasetId] : [],
          instanceId: this.#instanceId,
          holding: this.#holding,
        },
      },
    });
    for (const message of this.#outbox.pending()) this.#connection.send(message);
  }

  #onMessage(message: NonNullable<ConnectResponse['message']>): void {
    switch (message.$case) {
      case 'registered':
        this.#onRegistered(message.value.heartbeatIntervalMs);
        return;
      case 'assign':
        this.#onAssign(message.value);
        return;
      case 'cancel':
        if (message.value.task) this.#runner.cancel(message.value.task, message.value.reason || 'cancelled');
        return;
      case 'drain':
        this.drain('the coordinator asked for it', message.value.graceMs);
        return;
      case 'ack':
        this.#onAck(message.value);
    }
  }

  #onRegistered(intervalMs: number): void {
    this.#registered = true;
    this.#connection.confirm();
    this.#log.info({ coordinator: this.#options.coordinator, id: this.#options.id }, 'registered');
    this.#beat();
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.#beat(), Math.max(MINIMUM_HEARTBEAT_MS, intervalMs));
    this.#refreshState();
  }

  #onAssign(assign: Assign): void {
    let complete: CompleteAssign;
    try {
      complete = requireComplete(assign, this.#holding.length);
    } catch (thrown) {
      this.#log.error({ reason: OnescanError.from(thrown).text }, 'an assignment was refused');
      return;
    }
    if (this.#outbox.has(complete.task)) return;
    if (!this.#life.isEnding) {
      this.#runner.accept(complete);
      return;
    }
    const failure = { kind: 'HANDED_BACK', message: 'the trainer is draining' } as const;
    this.#post(complete.task, failureMessage(complete.task, failure));
  }

  #onAck(ack: Ack): void {
    if (!ack.task) return;
    if (!ack.accepted) this.#log.warn({ task: ack.task, reason: ack.reason }, 'not accepted');
    this.#outbox.acknowledge(ack.task);
    this.#endWhenDrained();
  }

  /** Sends the end of a task, and keeps it until it is acknowledged. */
  #post(task: TaskAttempt, message: ConnectRequest): void {
    this.#outbox.add(task, message);
    // Not only when registered: the registration is on its way, and only what was there before goes with it.
    this.#connection.send(message);
  }

  #beat(): void {
    if (!this.#registered) return;
    const { heldDatasetId, workingOn } = this.#runner;
    this.#connection.send(heartbeatMessage(this.#guard.sample(), { heldDatasetId, workingOn }));
  }

  #refreshState(): void {
    if (this.#life.isEnding || this.#life.state === 'INITIALIZED') return;
    if (!this.#runner.isIdle) this.#life.to('WORKING');
    else this.#life.to(this.#registered ? 'IDLE' : 'CONNECTING');
  }

  #endWhenDrained(): void {
    if (this.#life.state === 'DRAINING' && this.#runner.isIdle && this.#outbox.size === 0) this.#end();
  }

  #end(error?: OnescanError): void {
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#graceTimer);
    this.#guard.stop();
    if (this.#outbox.size > 0) {
      this.#log.warn({ unacknowledged: this.#outbox.size }, 'stopping with ends of tasks unacknowledged');
    }
    const closing = [this.#connection.close(CLOSE_GRACE_MS), this.#runner.close()];
    void Promise.allSettled(closing).then((ends) => {
      for (const end of ends) {
        if (end.status === 'rejected')
          this.#log.error({ err: end.reason }, 'the trainer did not end cleanly');
      }
      this.#life.to(error ? 'FAILED' : 'STOPPED');
      if (error) this.#settle.fail(error);
      else this.#settle.stop();
    });
  }
}
