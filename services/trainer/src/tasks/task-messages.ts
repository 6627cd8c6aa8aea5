import { sendableText } from '@onescan/contract/format/sendable-text.js';
import type { HorizonResult, TaskStats } from '@onescan/contract/generated/onescan/v1/result.js';
import {
  type Assign,
  type ConnectRequest,
  FailureKind,
  type TaskAttempt,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { MemorySample } from '../memory/memory-guard.js';

/** Of a failure's message; an error of DuckDB may hold a whole statement. */
const MAX_REASON_BYTES = 4_096;

/** Attempts that are worked on, wait or have an end that is not acknowledged: as many as a trainer may name. */
export const MOST_HELD = 64;

/** An assignment with all that a task cannot do without. */
export type CompleteAssign = Assign & Required<{ [K in 'task' | 'dataset']: NonNullable<Assign[K]> }>;

/** Why an attempt ends without a result, as trainers say it. */
export const TASK_FAILURES = [
  'BAD_DATA',
  'OUT_OF_MEMORY',
  'DOES_NOT_FIT',
  'DISK_FULL',
  'CRASH',
  'CANCELLED',
  'HANDED_BACK',
] as const;

export type TaskFailureKind = (typeof TASK_FAILURES)[number];

/**
 * Checks an assignment.
 *
 * @param held attempts that are here
 * @throws OnescanError INVALID_ARGUMENT naming the field that is missing, RESOURCE_EXHAUSTED when too many are here
 */
export function requireComplete(assign: Assign, held: number): CompleteAssign {
  const { task, dataset } = assign;
  if (!task) throw new OnescanError('INVALID_ARGUMENT', 'an assignment came without `task`');
  if (!dataset) throw new OnescanError('INVALID_ARGUMENT', 'an assignment came without `dataset`');
  if (held >= MOST_HELD) throw new OnescanError('RESOURCE_EXHAUSTED', `${held} assignments are here already`);
  return { ...assign, task, dataset };
}

export function failureMessage(
  task: TaskAttempt,
  failure: { kind: TaskFailureKind; message: string; spans?: Uint8Array },
): ConnectRequest {
  const kind = FailureKind[`FAILURE_KIND_${failure.kind}`];
  return {
    message: {
      $case: 'failure',
      value: {
        task,
        kind,
        message: sendableText(failure.message, MAX_REASON_BYTES),
        traceparent: '',
        spans: Buffer.from(failure.spans ?? []),
      },
    },
  };
}

export function resultMessage(
  assign: CompleteAssign,
  outcome: { result: HorizonResult; stats: TaskStats; spans: Uint8Array },
): ConnectRequest {
  return {
    message: {
      $case: 'result',
      value: {
        task: assign.task,
        specHash: assign.specHash,
        traceparent: '',
        ...outcome,
        spans: Buffer.from(outcome.spans),
      },
    },
  };
}

/** What a trainer says of itself again and again. */
export function heartbeatMessage(
  { rssBytes, peakBytes, limitBytes, level }: MemorySample,
  { heldDatasetId, workingOn }: { heldDatasetId: string; workingOn: TaskAttempt[] },
): ConnectRequest {
  return {
    message: {
      $case: 'heartbeat',
      value: {
        rssBytes: BigInt(rssBytes),
        peakRssBytes: BigInt(Math.max(peakBytes, peakOfProcess())),
        memoryLimitBytes: BigInt(limitBytes),
        heldDatasetId,
        workingOn,
        memoryLevel: level === 'abort' ? 'pause' : level,
      },
    },
  };
}

/** Highest resident set of the process so far, in bytes, as the system keeps it. */
function peakOfProcess(): number {
  return process.resourceUsage().maxRSS * 1024;
}
