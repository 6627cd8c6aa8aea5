import { type LedgerRow, TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import {
  FailureKind,
  type TaskAttempt,
  type TaskFailure,
  type TaskResult,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import type { ReasonCode } from '@onescan/contract/reasons/reason.js';
import type { Logger } from '@onescan/process/log.js';
import { withAttemptEnded } from '../model/attempt-record.js';
import { type RunSnapshot, type TaskRecord, taskKey } from '../model/run-record.js';
import type { KeptSpans } from '../runs/kept-spans.js';
import type { ProgressBuffer } from '../runs/progress-buffer.js';
import type { RunBook } from '../runs/run-book.js';
import type { RunTraces } from '../runs/run-traces.js';
import { afterFailure, type FailureName } from '../states/failure-policy.js';
import type { TaskFiles } from '../store/task-files.js';
import { attemptKey, type LeaseTokens, sameAttempt } from './attempt.js';
import { expectedResult, resultProblem } from './check-result.js';
import { instanceOf, type Trainer } from './trainer.js';
import type { ReturnedTask, TrainerRegistry } from './trainer-registry.js';

/** Whether a trainer's message counts. */
export interface Answer {
  accepted: boolean;
  reason: string;
}

/** Characters of a trainer's error that are kept. */
const MAX_ERROR = 4_096;

const NO_SPANS = new Uint8Array();

const ACCEPTED: Answer = { accepted: true, reason: '' };

/** What the outcomes of attempts are recorded with. */
export interface OutcomeParts {
  readonly book: RunBook;
  readonly registry: TrainerRegistry;
  readonly progress: ProgressBuffer;
  readonly taskFiles: TaskFiles;
  readonly traces: RunTraces;
  readonly keptSpans: KeptSpans;
  readonly log: Logger;
  readonly clock: () => number;
}

/** Records how attempts end. Every method is called under the lock. */
export class AttemptOutcomes {
  readonly #parts: OutcomeParts;

  constructor(parts: OutcomeParts) {
    this.#parts = parts;
  }

  /**
   * Stores a result with its ledger, once, when it comes from the trainer that holds the lease: results of older
   * attempts, of others and doubles are told apart.
   */
  async result(trainer: Trainer, message: TaskResult): Promise<Answer> {
    const attempt = message.task!;
    const { trainerId } = trainer;
    const found = await this.#find(attempt);
    if (!found) return this.#refuse(attempt, 'there is no such task');
    const { snapshot, task } = found;
    const isStored =
      task.state === 'DONE' && task.trainerId === trainerId && task.attempt === attempt.attempt;
    if (isStored && task.specHash === message.specHash) {
      return { accepted: true, reason: 'the result is stored already' };
    }
    const stale = staleness(snapshot, task, attempt) ?? strangeness(trainer, task, attempt);
    if (stale) return this.#refuse(attempt, stale);
    this.#parts.keptSpans.received(snapshot.run, message.spans ?? NO_SPANS);
    const wrong =
      task.specHash === message.specHash
        ? (resultProblem(expectedResult(snapshot, task), message.result) ??
          (await this.#fileProblem(attempt, message)))
        : 'wrong spec hash';
    if (wrong) {
      await this.#fail(task, 'CRASH', `its result was refused: ${wrong}`);
      return this.#refuse(attempt, wrong);
    }
    const { ledger } = message.result!;
    const summary = { ...message.result!.summary!, suspectedLeaks: suspectedLeaks(ledger) };
    const { stats } = message;
    const peakRssBytes = stats?.peakRssBytes ?? 0n;
    const end = { outcome: 'DONE', endedMs: this.#parts.clock(), peakRssBytes } as const;
    const attempts = withAttemptEnded(task, end);
    const after = await this.#parts.book.change(task.runId, (change) => {
      change.setTask(task, { state: 'DONE', trainerId, error: '', summary, stats, attempts });
      change.setResult(task, message.result!);
    });
    this.#parts.traces.endAttempt(after, task);
    this.#parts.progress.dropTask(task);
    this.#parts.log.info({ ...attempt, trainerId, verdict: summary.verdict }, 'task done');
    return ACCEPTED;
  }

  /** Why the bearer of a token does not hold the lease of an attempt; undefined when it does. */
  async objection(attempt: TaskAttempt, token: string, tokens: LeaseTokens): Promise<string | undefined> {
    const found = await this.#find(attempt);
    if (!found) return 'there is no such task';
    const stale = staleness(found.snapshot, found.task, attempt);
    if (stale) return stale;
    const isHolder = tokens.isTokenOf(token, attempt, found.task.trainerInstance);
    return isHolder ? undefined : `attempt ${attempt.attempt} was not given to whoever sends this`;
  }

  /** A result that names files comes after them. */
  async #fileProblem(attempt: TaskAttempt, { result }: TaskResult): Promise<string | undefined> {
    const files = [
      { kind: TaskFileKind.TASK_FILE_KIND_EXPLANATION, name: 'SHAP values', file: result?.explanation },
      { kind: TaskFileKind.TASK_FILE_KIND_MODELS, name: 'models', file: result?.models },
    ] as const;
    for (const { kind, name, file } of files) {
      if (!file || (await this.#parts.taskFiles.holds(attempt, kind, file))) continue;
      return `its file of ${name} (${file.bytes} bytes, ${file.sha256.slice(0, 12)}) did not arrive`;
    }
    return undefined;
  }

  /** Records a failure and decides whether the task is tried again. */
  async failure(trainer: Trainer, message: TaskFailure): Promise<Answer> {
    const attempt = message.task!;
    const { trainerId } = trainer;
    const found = await this.#find(attempt);
    if (!found) return this.#refuse(attempt, 'there is no such task');
    const stale = staleness(found.snapshot, found.task, attempt);
    // A cancelled task reports its end like any other: nothing is left to do.
    if (stale) return { accepted: true, reason: stale };
    const strange = strangeness(trainer, found.task, attempt);
    if (strange) return this.#refuse(attempt, strange);
    this.#parts.keptSpans.received(found.snapshot.run, message.spans ?? NO_SPANS);
    const told = failureName(message.kind);
    // Arithmetic that does not come out here does where there is more memory.
    const kind = told === 'DOES_NOT_FIT' && this.#parts.registry.hasRoomier(trainer) ? 'OUT_OF_MEMORY' : told;
    this.#parts.log.warn({ ...attempt, trainerId, kind, reason: message.message }, 'attempt failed');
    await this.#fail(found.task, kind, message.message);
    return ACCEPTED;
  }

  /** Takes back a task that its trainer lost or never got. */
  async returned(trainerId: string, { attempt, kind, reason }: ReturnedTask): Promise<void> {
    const found = await this.#find(attempt);
    if (!found || staleness(found.snapshot, found.task, attempt)) return;
    this.#parts.log.warn({ ...attempt, trainerId, kind, reason }, 'taking a task back');
    await this.#fail(found.task, kind, reason);
  }

  async #fail(task: TaskRecord, kind: FailureName, words: string): Promise<void> {
    const { state, crashes, outOfMemory } = afterFailure(kind, task);
    const message = words.slice(0, MAX_ERROR);
    const live = this.#parts.progress.tasks(task.runId).get(taskKey(task.pair, task.horizon));
    const peakRssBytes = this.#parts.registry.get(task.trainerId)?.peakRssBytes ?? 0n;
    const end = { outcome: kind, message, endedMs: this.#parts.clock(), peakRssBytes, ...live };
    const after = await this.#parts.book.change(task.runId, (change) => {
      change.setTask(task, {
        state,
        crashes,
        outOfMemory,
        error: `${kind}: ${message}`,
        attempts: withAttemptEnded(task, end),
        ...(state === 'READY' ? { attempt: task.attempt + 1, trainerId: '' } : {}),
      });
    });
    this.#parts.traces.endAttempt(after, task);
    this.#parts.progress.dropTask(task);
  }

  async #find(attempt: TaskAttempt): Promise<{ snapshot: RunSnapshot; task: TaskRecord } | undefined> {
    const { book } = this.#parts;
    const snapshot = book.activeRun(attempt.runId) ?? (await book.store.readRun(attempt.runId));
    const task = snapshot?.tasks.get(taskKey(attempt.pair, attempt.horizon));
    return snapshot && task ? { snapshot, task } : undefined;
  }

  #refuse(attempt: TaskAttempt, reason: string): Answer {
    this.#parts.log.warn({ ...attempt, reason }, `result of ${attemptKey(attempt)} refused`);
    return { accepted: false, reason };
  }
}

/** Why a message about an attempt comes too late; undefined when the attempt holds the lease. */
function staleness({ run }: RunSnapshot, task: TaskRecord, attempt: TaskAttempt): string | undefined {
  if (task.state === 'LEASED' && task.attempt === attempt.attempt) return undefined;
  const now = `the task is ${task.state} at attempt ${task.attempt} of a run that is ${run.state}`;
  return `attempt ${attempt.attempt} no longer holds the lease: ${now}`;
}

/** Why a trainer may not speak of an attempt; undefined when it was given to its process. */
function strangeness(trainer: Trainer, task: TaskRecord, attempt: TaskAttempt): string | undefined {
  const { current, trainerId, register } = trainer;
  const isHolder =
    task.trainerId === trainerId &&
    current !== undefined &&
    sameAttempt(current.attempt, attempt) &&
    (current.instance === '' || current.instance === instanceOf(register));
  return isHolder ? undefined : `attempt ${attempt.attempt} was not given to trainer ${trainerId}`;
}

function failureName(kind: FailureKind): FailureName {
  switch (kind) {
    case FailureKind.FAILURE_KIND_BAD_DATA:
      return 'BAD_DATA';
    case FailureKind.FAILURE_KIND_OUT_OF_MEMORY:
      return 'OUT_OF_MEMORY';
    case FailureKind.FAILURE_KIND_DOES_NOT_FIT:
      return 'DOES_NOT_FIT';
    case FailureKind.FAILURE_KIND_LOST:
      return 'LOST';
    case FailureKind.FAILURE_KIND_DISK_FULL:
      return 'DISK_FULL';
    // A trainer that gave up by itself a task that nobody cancelled has handed it back.
    case FailureKind.FAILURE_KIND_CANCELLED:
    case FailureKind.FAILURE_KIND_HANDED_BACK:
      return 'HANDED_BACK';
    default:
      return 'CRASH';
  }
}

/** Why the learning engine refuses features that predict the target too well to be honest. */
const LEAK: ReasonCode = 'leak';

/** Features named for a task; the ledger has all. */
const NAMED = 20;

/** The first features that were pruned as suspected leaks. */
function suspectedLeaks(ledger: readonly LedgerRow[]): string[] {
  return ledger
    .filter(({ why }) => why?.code === LEAK)
    .slice(0, NAMED)
    .map(({ featureId }) => featureId);
}
