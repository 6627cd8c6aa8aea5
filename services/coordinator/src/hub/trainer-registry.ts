import type { WorkerStatus } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type {
  Assign,
  Heartbeat,
  Register,
  TaskAttempt,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { attemptKey, sameAttempt } from './attempt.js';
import { instanceOf, NOT_REGISTERED, newTrainer, type Trainer, type TrainerStream } from './trainer.js';

/** An attempt that its trainer does not have any more, or never had. */
export interface ReturnedTask {
  readonly attempt: TaskAttempt;
  /** UNDELIVERED says nothing against the task, LOST may. */
  readonly kind: 'LOST' | 'UNDELIVERED';
  readonly reason: string;
}

/** Attempts that a trainer is told to give up on one stream: one that goes on inventing some is not answered. */
const MAX_CANCELLED = 1_000;

/** Trainers that are known at the same time. */
const MAX_TRAINERS = 1_024;

export interface RegistryOptions {
  /** Silence after which a trainer counts as lost, in milliseconds. */
  leaseMs: number;
  /** Time that a trainer whose stream broke has to come back, in milliseconds. */
  reconnectGraceMs: number;
  /** Must be monotonic: a change of the time of day is no silence. */
  clock: () => number;
  /** Called whenever a trainer connects or disconnects. */
  onConnections(trainer: Trainer): void;
}

/**
 * The trainers, by id. Everything here is in memory: after a restart they register again, and those that
 * held a lease are expected back ({@link TrainerRegistry.expect}).
 */
export class TrainerRegistry {
  readonly #options: RegistryOptions;
  readonly #trainers = new Map<string, Trainer>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /**
   * Takes a trainer in, or back when its stream broke.
   *
   * @throws OnescanError ALREADY_EXISTS when another living process has it, RESOURCE_EXHAUSTED when there are too many
   */
  register(register: Register, stream: TrainerStream): Trainer {
    const { trainerId } = register;
    const known = this.#trainers.get(trainerId);
    if (known && this.#isOther(known, register)) {
      throw new OnescanError('ALREADY_EXISTS', `trainer id "${trainerId}" is in use by another process`, {
        remedy: 'Give every trainer an id of its own',
      });
    }
    if (!known && this.#trainers.size >= MAX_TRAINERS) {
      throw new OnescanError('RESOURCE_EXHAUSTED', `there are ${MAX_TRAINERS} trainers already`, {
        remedy: 'End some: one that is gone is forgotten within its lease',
      });
    }
    const before = known?.stream;
    const trainer = this.#renew(known, register, stream, this.#options.clock());
    before?.end();
    this.#trainers.set(trainerId, trainer);
    this.#options.onConnections(trainer);
    return trainer;
  }

  /**
   * Expects a trainer that held a lease when the coordinator before this one ended. It keeps its task when
   * it registers within a lease and has it; otherwise {@link takeReturned} or {@link takeLost} give it back.
   */
  expect(trainerId: string, held: { attempt: TaskAttempt; datasetId: string; instance: string }): void {
    const now = this.#options.clock();
    const trainer = newTrainer({ ...NOT_REGISTERED, trainerId });
    trainer.lastSeenMs = now;
    trainer.current = { ...held, sentOn: undefined, seenMs: now };
    this.#trainers.set(trainerId, trainer);
  }

  /**
   * The attempt that a trainer should have and, by its registration, has not: another process has its id, or
   * the assignment never arrived.
   */
  takeReturned(trainer: Trainer): ReturnedTask | undefined {
    const { current, register, trainerId, stream } = trainer;
    // What was sent after the registration cannot be part of it.
    if (!current || current.sentOn === stream) return undefined;
    const { attempt, instance } = current;
    const other = instance !== '' && instance !== instanceOf(register);
    if (!other && register.holding.some((task) => sameAttempt(task, attempt))) return undefined;
    trainer.current = undefined;
    if (other || instance === '') {
      return { attempt, kind: 'LOST', reason: `the process of trainer ${trainerId} that had it is gone` };
    }
    return { attempt, kind: 'UNDELIVERED', reason: `the assignment never reached trainer ${trainerId}` };
  }

  /** The attempt of a trainer that has taken leave: it hands back what it began, so it never got this one. */
  takeUnfinished(trainer: Trainer): ReturnedTask | undefined {
    const { current, trainerId } = trainer;
    if (!current || trainer.stream) return undefined;
    trainer.current = undefined;
    trainer.reported = [];
    this.#trainers.delete(trainerId);
    return { attempt: current.attempt, kind: 'UNDELIVERED', reason: `trainer ${trainerId} had ended` };
  }

  /** Notes that a stream ended; the trainer keeps its task while it comes back in time. */
  disconnect(trainer: Trainer, stream: TrainerStream): void {
    if (trainer.stream !== stream) return;
    trainer.stream = undefined;
    trainer.endedMs = this.#options.clock();
    if (!trainer.current && trainer.reported.length === 0) this.#trainers.delete(trainer.trainerId);
    this.#options.onConnections(trainer);
  }

  heartbeat(trainer: Trainer, heartbeat: Heartbeat): void {
    trainer.lastSeenMs = this.#options.clock();
    trainer.rssBytes = heartbeat.rssBytes;
    trainer.peakRssBytes = heartbeat.peakRssBytes;
    trainer.memoryLimitBytes = heartbeat.memoryLimitBytes;
    trainer.heldDatasetId = heartbeat.heldDatasetId;
    trainer.reported = heartbeat.workingOn;
    const { current } = trainer;
    if (current && heartbeat.workingOn.some((task) => sameAttempt(task, current.attempt))) {
      current.seenMs = trainer.lastSeenMs;
    }
  }

  /** Sends an assignment and remembers it. */
  assign(trainer: Trainer, assign: Assign): void {
    trainer.lastRunId = assign.task!.runId;
    trainer.current = {
      attempt: assign.task!,
      datasetId: assign.dataset!.datasetId,
      instance: instanceOf(trainer.register),
      sentOn: trainer.stream,
      seenMs: this.#options.clock(),
    };
    trainer.stream?.send({ message: { $case: 'assign', value: assign } });
  }

  /** Tells a trainer once to give an attempt up; false when it has been told. */
  cancel(trainer: Trainer, task: TaskAttempt, reason: string): boolean {
    const key = attemptKey(task);
    if (trainer.cancelled.has(key) || trainer.cancelled.size >= MAX_CANCELLED) return false;
    trainer.cancelled.add(key);
    trainer.stream?.send({ message: { $case: 'cancel', value: { task, reason } } });
    return true;
  }

  /** Notes that the end of an attempt has come in: it is stored or {@link notStored}, however long that waits for its turn. */
  over({ current }: Trainer, task: TaskAttempt): void {
    if (current && sameAttempt(current.attempt, task)) current.isOver = true;
  }

  /** The trainer sends the end of the attempt again, within a lease. */
  notStored({ current }: Trainer, task: TaskAttempt): void {
    if (!current || !sameAttempt(current.attempt, task)) return;
    current.isOver = false;
    current.seenMs = this.#options.clock();
  }

  /** Notes that an attempt is over and stored, however it ended. */
  release(trainer: Trainer, task: TaskAttempt, outcome: 'done' | 'failed' | 'handed-back'): void {
    const { current } = trainer;
    trainer.reported = trainer.reported.filter((reported) => !sameAttempt(reported, task));
    if (outcome === 'handed-back') trainer.restsUntilMs = this.#options.clock() + this.#options.leaseMs;
    if (!current || !sameAttempt(current.attempt, task)) return;
    if (outcome === 'done') trainer.heldDatasetId = current.datasetId;
    trainer.current = undefined;
  }

  /** Connected trainers without work, in order of id. */
  idle(): Trainer[] {
    const now = this.#options.clock();
    return this.connected().filter(
      (trainer) => !trainer.current && trainer.reported.length === 0 && trainer.restsUntilMs <= now,
    );
  }

  connected(): Trainer[] {
    return [...this.#trainers.values()].filter((trainer) => trainer.stream !== undefined);
  }

  /** Whether a connected trainer has more memory than this one. */
  hasRoomier({ register }: Trainer): boolean {
    return this.connected().some((other) => other.register.memoryLimitBytes > register.memoryLimitBytes);
  }

  /** What the connected trainers have to learn with. */
  rooms(): { memoryLimitBytes: bigint; threads: number }[] {
    return this.connected().map(({ register: { memoryLimitBytes, threads = 1 } }) => ({
      memoryLimitBytes,
      threads,
    }));
  }

  get(trainerId: string): Trainer | undefined {
    return this.#trainers.get(trainerId);
  }

  /** Gives all trainers time back: this process stood still, so their messages lie unread. */
  forgive(ms: number): void {
    for (const trainer of this.#trainers.values()) {
      trainer.lastSeenMs += ms;
      if (trainer.endedMs !== undefined) trainer.endedMs += ms;
      if (trainer.current) trainer.current.seenMs += ms;
    }
  }

  /** Forgets trainers that fell silent or did not come back; returns the attempts that are lost with them. */
  takeLost(): { trainer: Trainer; lost: ReturnedTask }[] {
    const { leaseMs, reconnectGraceMs } = this.#options;
    const now = this.#options.clock();
    const taken: { trainer: Trainer; lost: ReturnedTask }[] = [];
    for (const trainer of [...this.#trainers.values()]) {
      const { current, trainerId } = trainer;
      if (current?.isOver) continue;
      const silent = now - trainer.lastSeenMs > leaseMs;
      const gone = trainer.endedMs !== undefined && now - trainer.endedMs > reconnectGraceMs;
      if (current && (silent || gone || now - current.seenMs > leaseMs)) {
        const reason = gone
          ? `the connection to trainer ${trainerId} broke and it did not come back`
          : `trainer ${trainerId} fell silent`;
        taken.push({ trainer, lost: { attempt: current.attempt, kind: 'LOST', reason } });
        trainer.current = undefined;
      }
      if (silent || gone) this.#forget(trainer);
    }
    return taken;
  }

  status(trainer: Trainer): WorkerStatus {
    const task = trainer.current?.attempt;
    return {
      trainerId: trainer.trainerId,
      connected: trainer.stream !== undefined,
      rssBytes: trainer.rssBytes,
      peakRssBytes: trainer.peakRssBytes,
      memoryLimitBytes: trainer.memoryLimitBytes,
      workingOn: task ? `${task.pair} h${task.horizon}` : '',
      workersConnected: this.connected().length,
    };
  }

  #forget(trainer: Trainer): void {
    this.#trainers.delete(trainer.trainerId);
    const { stream } = trainer;
    trainer.stream = undefined;
    stream?.end(new OnescanError('DEADLINE_EXCEEDED', 'no heartbeat within the lease'));
    if (stream) this.#options.onConnections(trainer);
  }

  #isOther(known: Trainer, register: Register): boolean {
    return known.stream !== undefined && instanceOf(known.register) !== instanceOf(register);
  }

  /** The same object for the same trainer, so that its task survives a broken stream. */
  #renew(known: Trainer | undefined, register: Register, stream: TrainerStream, now: number): Trainer {
    const trainer = known ?? newTrainer(register);
    // What was told on a stream that broke may not have arrived.
    trainer.cancelled.clear();
    return Object.assign(trainer, {
      register,
      stream,
      lastSeenMs: now,
      endedMs: undefined,
      reported: register.holding,
      heldDatasetId: register.heldDatasetIds[0] ?? '',
      restsUntilMs: 0,
      memoryLimitBytes: register.memoryLimitBytes,
    });
  }
}
