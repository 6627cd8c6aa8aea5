import type {
  ConnectRequest,
  Register,
  TaskAttempt,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';

/** Ids of trainers and of their processes: they stand in logs, tables, metrics and keys. */
const TRAINER_ID = /^[\w.:@-]{1,128}$/;
const INSTANCE_ID = /^[\w.:@-]{0,128}$/;
/** As DNS names are at most. */
const MAX_HOST = 255;
/** Attempts or datasets that one trainer may name: it works on one task and holds few results. */
const MAX_NAMED = 64;
const MAX_ID = 128;
/** A W3C trace parent has 55 characters. */
const MAX_TRACEPARENT = 64;
const MAX_STAGE = 32;
/** More than one horizon has work for. */
const MAX_THREADS = 64;
const MAX_HORIZON = 1_000_000;

/** What a coordinator and its trainers must have in common. */
export interface ComputeVersion {
  readonly version: string;
  readonly kernelVersion: string;
}

/**
 * Checks a registration before anything is done with it.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the field, FAILED_PRECONDITION naming both versions
 */
export function checkRegister(register: Register, own: ComputeVersion): void {
  const { trainerId, instanceId, host, threads, version, kernelVersion } = register;
  if (!TRAINER_ID.test(trainerId)) {
    throw new OnescanError('INVALID_ARGUMENT', `trainer_id: ${shown(trainerId)} is not allowed`, {
      remedy: 'Give the trainer an --id of 1 to 128 letters, digits and . _ : @ - characters',
      details: { field: 'trainer_id' },
    });
  }
  if (!INSTANCE_ID.test(instanceId)) throw invalid('instance_id', 'is not allowed');
  if (threads !== undefined && (threads < 1 || threads > MAX_THREADS)) {
    throw invalid('threads', `must be 1 to ${MAX_THREADS}`);
  }
  if (host.length > MAX_HOST) throw invalid('host', `is longer than ${MAX_HOST} characters`);
  checkIds('held_dataset_ids', register.heldDatasetIds);
  checkAttempts('holding', register.holding);
  if (version === own.version && kernelVersion === own.kernelVersion) return;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `trainer ${trainerId} is of version ${shown(version)} with kernels ${shown(kernelVersion)}, ` +
      `the coordinator of version ${own.version} with kernels ${own.kernelVersion}`,
    {
      remedy: 'Run coordinator and trainers of the same version: their numbers could differ otherwise',
      details: { refused: 'version' },
    },
  );
}

/**
 * Checks the bounds of a later message before anything is done with it. Whether it is true is judged elsewhere.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the field
 */
export function checkMessage(message: NonNullable<ConnectRequest['message']>): void {
  switch (message.$case) {
    case 'heartbeat':
      checkIds('held_dataset_id', [message.value.heldDatasetId]);
      checkAttempts('working_on', message.value.workingOn);
      return;
    case 'progress':
      checkAttempt('progress.task', message.value.task);
      if (message.value.stage.length > MAX_STAGE) throw invalid('progress.stage', 'is too long');
      if (!(message.value.fraction >= 0 && message.value.fraction <= 1)) {
        throw invalid('progress.fraction', 'is not between 0 and 1');
      }
      return;
    case 'result':
    case 'failure':
      checkAttempt(`${message.$case}.task`, message.value.task);
      if (message.value.traceparent.length > MAX_TRACEPARENT) {
        throw invalid(`${message.$case}.traceparent`, `is longer than ${MAX_TRACEPARENT} characters`);
      }
  }
}

/** @throws OnescanError INVALID_ARGUMENT when an attempt is missing or no task can have such a name */
export function checkAttempt(field: string, task: TaskAttempt | undefined): asserts task is TaskAttempt {
  if (!task) throw invalid(field, 'names no task');
  if (task.runId.length > MAX_ID || task.pair.length > MAX_ID)
    throw invalid(field, 'has a name that is too long');
  if (task.horizon > MAX_HORIZON) throw invalid(field, 'has a horizon out of bounds');
}

function checkAttempts(field: string, tasks: readonly TaskAttempt[]): void {
  if (tasks.length > MAX_NAMED) throw invalid(field, `names ${tasks.length} attempts, at most ${MAX_NAMED}`);
  for (const task of tasks) checkAttempt(field, task);
}

function checkIds(field: string, ids: readonly string[]): void {
  if (ids.length > MAX_NAMED) throw invalid(field, `names ${ids.length} datasets, at most ${MAX_NAMED}`);
  if (ids.some((id) => id.length > MAX_ID))
    throw invalid(field, `has an id longer than ${MAX_ID} characters`);
}

/** The beginning of a text that a peer sent, fit for messages. */
function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}

function invalid(field: string, what: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `${field} ${what}`, { details: { field } });
}
