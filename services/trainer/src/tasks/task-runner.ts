import type { ConnectRequest, TaskAttempt } from '@onescan/contract/generated/onescan/v1/trainer.js';
import type { ChannelSecurity } from '@onescan/process/grpc/tls/channel-security.js';
import type { Logger } from '@onescan/process/log.js';
import { noteTrace } from '@onescan/process/telemetry/log-trace.js';
import { identityOf } from '@onescan/process/telemetry/span-ids.js';
import type { ComputeEvent, ComputeRequest } from '../compute/compute-protocol.js';
import { pairKey } from '../compute/pair-key.js';
import { ThreadSlot } from '../compute/thread-slot.js';
import { describeMemory, type MemoryGuard, type MemorySample } from '../memory/memory-guard.js';
import type { TrainerMetrics } from '../metrics/trainer-metrics.js';
import { attemptKey, taskKey } from './task-key.js';
import { type CompleteAssign, failureMessage, resultMessage, type TaskFailureKind } from './task-messages.js';
import { TaskSpans } from './task-spans.js';

/** Time a cancelled task has to notice before its thread is terminated, in milliseconds. */
export const CANCEL_GRACE_MS = 5_000;

export interface TaskRunnerOptions {
  trainerId: string;
  program: URL;
  guard: MemoryGuard;
  downloadFolder: string;
  /** "host:port". */
  coordinator: string;
  security?: ChannelSecurity;
  threads: number;
  log: Logger;
  /** Absent: nothing is measured. */
  measured?: TrainerMetrics | undefined;
  onProgress(task: TaskAttempt, stage: string, fraction: number): void;
  /** A task has ended; the message says how. */
  onEnd(task: TaskAttempt, message: ConnectRequest): void;
  /** What is worked on or held has changed. */
  onChange(): void;
}

interface RunningTask {
  assign: CompleteAssign;
  serial: number;
  spans: TaskSpans;
  cancelTimer?: NodeJS.Timeout;
}

/** Takes assignments and computes them one after the other in a compute thread. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  readonly #queue: CompleteAssign[] = [];
  #running: RunningTask | undefined;
  #starting = false;
  readonly #slot: ThreadSlot;
  #serial = 0;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
    this.#slot = new ThreadSlot({
      program: options.program,
      downloadFolder: options.downloadFolder,
      onEvent: (event) => this.#onEvent(event),
      onCrash: (reason, outOfMemory) => this.#abandon(outOfMemory ? 'OUT_OF_MEMORY' : 'CRASH', reason),
    });
  }

  get workingOn(): TaskAttempt[] {
    const running = this.#running ? [this.#running.assign] : [];
    return [...running, ...this.#queue].map((assign) => assign.task);
  }

  get isIdle(): boolean {
    return !this.#running && !this.#starting && this.#queue.length === 0;
  }

  /** Dataset held in memory, empty when none. */
  get heldDatasetId(): string {
    return this.#slot.heldDatasetId;
  }

  /** Queues a task; an attempt that is already here is not taken twice, a newer one replaces an older. */
  accept(assign: CompleteAssign): void {
    if (this.workingOn.some((task) => attemptKey(task) === attemptKey(assign.task))) return;
    for (const task of this.workingOn.filter((known) => taskKey(known) === taskKey(assign.task))) {
      this.cancel(task, `replaced by attempt ${assign.task.attempt}`);
    }
    this.#queue.push(assign);
    this.#startNext();
  }

  /** Gives a task up; true when it was here. */
  cancel(task: TaskAttempt, reason: string): boolean {
    const queued = this.#queue.findIndex((assign) => attemptKey(assign.task) === attemptKey(task));
    const running = this.#running;
    if (queued >= 0) {
      this.#queue.splice(queued, 1);
      this.#endUnstarted(task, 'CANCELLED', reason);
      return true;
    }
    if (!running || attemptKey(running.assign.task) !== attemptKey(task)) return false;
    this.#slot.cancel(running.serial);
    running.cancelTimer ??= setTimeout(() => {
      this.#abandon('CANCELLED', `${reason}; its thread did not answer and was ended`);
    }, CANCEL_GRACE_MS);
    return true;
  }

  /** Hands back what has not been started. */
  handBackQueue(reason: string): void {
    for (const assign of this.#queue.splice(0)) this.#endUnstarted(assign.task, 'HANDED_BACK', reason);
  }

  /** Hands back everything, terminating the task in hand. */
  handBackAll(reason: string): void {
    this.handBackQueue(reason);
    this.#abandon('HANDED_BACK', reason);
  }

  /** Does what a memory level demands. */
  onPressure(sample: MemorySample): void {
    if (sample.level === 'ok') return;
    this.#slot.shrink();
    this.#running?.spans.onMemory(sample.level, sample.rssBytes);
    if (sample.level === 'abort' && this.#running) {
      const figures = `${describeMemory(sample)}, peak of the task ${sample.peakBytes} bytes`;
      this.#abandon('OUT_OF_MEMORY', `the memory limit was exceeded: ${figures}`);
    } else if (sample.level !== 'shrink' && this.isIdle && this.#slot.isTaken) {
      this.#options.log.warn({ memory: describeMemory(sample) }, 'dropping the held dataset');
      this.#slot.end();
    }
  }

  /** Ends the thread without telling anybody about its task. */
  async close(): Promise<void> {
    clearTimeout(this.#running?.cancelTimer);
    this.#running = undefined;
    this.#queue.length = 0;
    this.#slot.end();
    await this.#slot.ended;
  }

  #startNext(): void {
    if (this.#running || this.#starting || this.#queue.length === 0) return;
    this.#starting = true;
    this.#start()
      .catch((thrown: unknown) => this.#options.log.error({ err: thrown }, 'starting a task failed'))
      .finally(() => {
        this.#starting = false;
        this.#options.onChange();
        this.#startNext();
      });
  }

  async #start(): Promise<void> {
    const { guard } = this.#options;
    const next = this.#queue[0];
    if (!next) return;
    await this.#slot.makeRoom(keyOf(next));
    const assign = this.#queue.shift();
    if (!assign) return;
    guard.limitTo(Number(assign.memoryLimitBytes));
    guard.startPeak();
    const sample = guard.sample();
    if (sample.level === 'pause' || sample.level === 'abort') {
      const message = `no memory for a new task: ${describeMemory(sample)}`;
      this.#endUnstarted(assign.task, 'HANDED_BACK', message);
      return;
    }
    this.#run(assign);
  }

  #run(assign: CompleteAssign): void {
    const spans = new TaskSpans(assign, this.#options.trainerId);
    noteTrace(assign.task.runId, assign.traceparent);
    this.#running = { assign, serial: ++this.#serial, spans };
    this.#options.log.info({ task: attemptKey(assign.task) }, 'task started');
    this.#slot.run(keyOf(assign), this.#request(assign, this.#serial));
  }

  #request(assign: CompleteAssign, serial: number): ComputeRequest {
    const { task, dataset, fetcherAddress, targetWindow, preset, overrides, seed, specHash } = assign;
    return {
      serial,
      runId: task.runId,
      pair: task.pair,
      horizon: task.horizon,
      attempt: task.attempt,
      dataset,
      fetcherAddress,
      coordinatorAddress: this.#options.coordinator,
      ...(this.#options.security ? { security: this.#options.security } : {}),
      leaseToken: assign.leaseToken,
      traceparent: assign.traceparent,
      targetWindow,
      preset,
      overrides,
      seed,
      specHash,
      downloadFolder: this.#options.downloadFolder,
      memoryLimitBytes: this.#options.guard.limitBytes,
      threads: this.#options.threads,
    };
  }

  #onEvent(event: ComputeEvent): void {
    const running = this.#running;
    if (!running) return;
    switch (event.kind) {
      case 'stage':
        running.spans.onStage(event, this.#options.guard.sample().peakBytes);
        this.#options.measured?.onStage(event, identityOf(running.assign.traceparent));
        if (event.stage === 'load' && event.event === 'end') this.#options.onChange();
        return;
      case 'progress':
        this.#options.onProgress(running.assign.task, event.stage, event.fraction);
        return;
      case 'done':
        if (event.serial === running.serial) this.#succeed(running, event);
        return;
      case 'failed':
        if (event.serial === running.serial) this.#fail(running, event.failure, event.message);
        return;
    }
  }

  #succeed(running: RunningTask, event: Extract<ComputeEvent, { kind: 'done' }>): void {
    const { stageSeconds, datasetWasLoaded } = event;
    const result = { ...event.result, document: Buffer.from(event.result.document) };
    const sample = this.#options.guard.sample();
    const stats = {
      trainerId: this.#options.trainerId,
      peakRssBytes: BigInt(sample.peakBytes),
      memoryLimitBytes: BigInt(sample.limitBytes),
      stageSeconds,
      datasetWasLoaded,
    };
    this.#options.measured?.onEnd('DONE');
    this.#finish(running, resultMessage(running.assign, { result, stats, spans: running.spans.take() }));
  }

  #fail(running: RunningTask, kind: TaskFailureKind, message: string): void {
    running.spans.fail(kind, message);
    this.#options.measured?.onEnd(kind);
    this.#options.log.warn({ task: attemptKey(running.assign.task), kind, reason: message }, 'task failed');
    this.#finish(
      running,
      failureMessage(running.assign.task, { kind, message, spans: running.spans.take() }),
    );
  }

  #finish(running: RunningTask, message: ConnectRequest): void {
    clearTimeout(running.cancelTimer);
    this.#running = undefined;
    this.#options.guard.limitTo(0);
    this.#options.onEnd(running.assign.task, message);
    this.#startNext();
    this.#options.onChange();
  }

  /** Ends the thread in the middle of its task. */
  #abandon(kind: TaskFailureKind, message: string): void {
    const running = this.#running;
    if (!running) return;
    this.#slot.end();
    this.#fail(running, kind, message);
  }

  #endUnstarted(task: TaskAttempt, kind: TaskFailureKind, message: string): void {
    this.#options.log.warn({ task: attemptKey(task), kind, reason: message }, 'task not started');
    this.#options.onEnd(task, failureMessage(task, { kind, message }));
    this.#options.onChange();
  }
}

/** The key of a task's pair; a task whose configuration is not valid fails when it runs. */
function keyOf({ dataset, preset, overrides }: CompleteAssign): string {
  try {
    return pairKey(dataset.datasetId, preset, overrides);
  } catch {
    return dataset.datasetId;
  }
}
