import {
  type ConnectRequest,
  FailureKind,
  type PutTaskFileRequest,
  type PutTaskFileResponse,
  type Register,
  type TaskAttempt,
  type TaskProgress,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { isDiskFull, OnescanError } from '@onescan/contract/onescan-error.js';
import { kernelVersion } from '@onescan/learn/kernels/load-kernel.js';
import type { Logger } from '@onescan/process/log.js';
import { PRODUCT_VERSION } from '@onescan/process/product-version.js';
import { taskKey } from '../model/run-record.js';
import type { ProgressBuffer } from '../runs/progress-buffer.js';
import type { RunBook } from '../runs/run-book.js';
import { taskStatus } from '../runs/run-view.js';
import type { Work } from '../runs/work.js';
import type { TaskFiles } from '../store/task-files.js';
import { type LeaseTokens, sameAttempt } from './attempt.js';
import type { Answer, AttemptOutcomes } from './attempt-outcomes.js';
import { type ComputeVersion, checkMessage, checkRegister } from './check-trainer-message.js';
import type { HubHandler } from './hub-service.js';
import { receiveTaskFile, UploadSlots } from './receive-task-file.js';
import type { Trainer, TrainerStream } from './trainer.js';
import type { ReturnedTask, TrainerRegistry } from './trainer-registry.js';

/** How often a trainer's memory is told to watchers, in milliseconds; every event is kept for good. */
const WORKER_EVENT_MS = 3_000;

/** Failures that the same trainer would meet again with any task. */
const RESTING: ReadonlySet<FailureKind> = new Set([
  FailureKind.FAILURE_KIND_HANDED_BACK,
  FailureKind.FAILURE_KIND_DISK_FULL,
]);

/** What the hub uses. */
export interface HubParts {
  readonly work: Work;
  readonly book: RunBook;
  readonly registry: TrainerRegistry;
  readonly progress: ProgressBuffer;
  readonly outcomes: AttemptOutcomes;
  readonly taskFiles: TaskFiles;
  readonly leaseTokens: LeaseTokens;
  readonly log: Logger;
  readonly monotonic: () => number;
  readonly options: { readonly heartbeatMs: number; readonly leaseMs: number };
  /** Called, under the lock, whenever a trainer may take work. */
  readonly advance: () => Promise<void>;
}

/** Understands what trainers say. */
export class TrainerHub implements HubHandler {
  readonly #parts: HubParts;
  readonly #slots = new UploadSlots();
  /** Whether a step of the runs is asked for that has not begun. */
  #isMoveDue = false;
  readonly #version: ComputeVersion = { version: PRODUCT_VERSION, kernelVersion: kernelVersion() };

  constructor(parts: HubParts) {
    this.#parts = parts;
  }

  onRegister(register: Register, stream: TrainerStream): Trainer {
    const { registry, options, log } = this.#parts;
    checkRegister(register, this.#version);
    const trainer = registry.register(register, stream);
    const { trainerId, host, processId, version } = register;
    log.info({ trainerId, host, processId, version }, 'trainer registered');
    const { heartbeatMs, leaseMs } = options;
    stream.send({ message: { $case: 'registered', value: { heartbeatIntervalMs: heartbeatMs, leaseMs } } });
    this.#giveBack('register', () => registry.takeReturned(trainer), trainerId);
    return trainer;
  }

  onMessage(trainer: Trainer, message: NonNullable<ConnectRequest['message']>): void {
    const { registry } = this.#parts;
    checkMessage(message);
    switch (message.$case) {
      case 'register':
        throw new OnescanError(
          'INVALID_ARGUMENT',
          `trainer "${trainer.trainerId}" registered twice on a stream`,
        );
      case 'heartbeat':
        registry.heartbeat(trainer, message.value);
        this.#onHeartbeat(trainer);
        return;
      case 'progress':
        this.#onProgress(trainer, message.value);
        return;
      case 'result':
        this.#settle(trainer, message.value.task!, 'done', () =>
          this.#parts.outcomes.result(trainer, message.value),
        );
        return;
      case 'failure': {
        const { kind } = message.value;
        const isLeftToRoomier =
          kind === FailureKind.FAILURE_KIND_DOES_NOT_FIT && registry.hasRoomier(trainer);
        const outcome = RESTING.has(kind) || isLeftToRoomier ? 'handed-back' : 'failed';
        this.#settle(trainer, message.value.task!, outcome, () =>
          this.#parts.outcomes.failure(trainer, message.value),
        );
        return;
      }
      case 'leave':
        if (trainer.stream) registry.disconnect(trainer, trainer.stream);
        this.#giveBack('leave', () => registry.takeUnfinished(trainer), trainer.trainerId);
    }
  }

  async putTaskFile(requests: AsyncIterable<PutTaskFileRequest>): Promise<PutTaskFileResponse> {
    const { taskFiles, leaseTokens, log } = this.#parts;
    try {
      return await receiveTaskFile(requests, { files: taskFiles, slots: this.#slots }, (task, token) =>
        this.#parts.outcomes.objection(task, token, leaseTokens),
      );
    } catch (thrown) {
      const error = OnescanError.from(thrown);
      if (isDiskFull(error)) log.warn({ reason: error.text }, 'a file of a task was not stored');
      throw error;
    }
  }

  onDisconnect(trainer: Trainer, stream: TrainerStream): void {
    this.#parts.registry.disconnect(trainer, stream);
  }

  /** Gives an attempt out again that turns out to be nobody's; what was said before it counts first. */
  #giveBack(what: string, take: () => ReturnedTask | undefined, trainerId: string): void {
    this.#parts.work.background(what, () =>
      this.#parts.work.exclusive(async () => {
        const returned = take();
        if (returned) await this.#parts.outcomes.returned(trainerId, returned);
        await this.#parts.advance();
      }),
    );
  }

  /** Records how an attempt ended, then answers: an Ack means that it is stored. */
  #settle(
    trainer: Trainer,
    task: TaskAttempt,
    outcome: 'done' | 'failed' | 'handed-back',
    record: () => Promise<Answer>,
  ): void {
    const { stream } = trainer;
    this.#parts.registry.over(trainer, task);
    this.#parts.work.background(`${outcome} ${task.pair} h${task.horizon}`, () =>
      this.#parts.work.exclusive(async () => {
        try {
          const answer = await record();
          this.#parts.registry.release(trainer, task, outcome);
          stream?.send({ message: { $case: 'ack', value: { task, ...answer } } });
        } catch (thrown) {
          // Not stored: the trainer keeps the result and sends it again on its next stream.
          this.#parts.registry.notStored(trainer, task);
          stream?.end(OnescanError.from(thrown));
          throw thrown;
        }
        await this.#parts.advance();
      }),
    );
  }

  #onHeartbeat(trainer: Trainer): void {
    const { registry, book, progress } = this.#parts;
    for (const task of trainer.reported) {
      const stored = book.activeRun(task.runId)?.tasks.get(taskKey(task.pair, task.horizon));
      const holds = stored?.state === 'LEASED' && stored.attempt === task.attempt;
      const ours = trainer.current && sameAttempt(trainer.current.attempt, task);
      if (!holds || !ours) this.#giveUp(trainer, task);
    }
    const status = registry.status(trainer);
    const due = this.#parts.monotonic() - trainer.told.atMs >= WORKER_EVENT_MS;
    if (due || status.workingOn !== trainer.told.workingOn) {
      trainer.told = { workingOn: status.workingOn, atMs: this.#parts.monotonic() };
      for (const { run } of book.active()) {
        if (run.state !== 'RUNNING') continue;
        progress.put(run.runId, `worker ${trainer.trainerId}`, { $case: 'worker', value: status });
      }
    }
    if (!trainer.current && trainer.reported.length === 0) this.#moveOn('heartbeat');
  }

  /** Tells a trainer to drop an attempt that is not its own any more. */
  #giveUp(trainer: Trainer, task: TaskAttempt): void {
    const { registry, log } = this.#parts;
    const reason = 'the task is no longer leased to this trainer';
    if (registry.cancel(trainer, task, reason)) {
      log.warn({ ...task, trainerId: trainer.trainerId }, `late attempt: ${reason}`);
    }
  }

  #onProgress({ current }: Trainer, { task, stage, fraction }: TaskProgress): void {
    if (!task || !current || !sameAttempt(current.attempt, task)) return;
    const stored = this.#parts.book.activeRun(task.runId)?.tasks.get(taskKey(task.pair, task.horizon));
    if (stored?.state !== 'LEASED' || stored.attempt !== task.attempt) return;
    const live = { stage, fraction };
    this.#parts.progress.putTask(stored, live, { $case: 'task', value: taskStatus(stored, live) });
  }

  /** Lets idle trainers take work, soon: once for all that ask before it begins, or hundreds of idle ones would keep it busy. */
  #moveOn(what: string): void {
    if (this.#isMoveDue) return;
    this.#isMoveDue = true;
    this.#parts.work.background(what, () =>
      this.#parts.work.exclusive(() => {
        this.#isMoveDue = false;
        return this.#parts.advance();
      }),
    );
  }
}
