import type { FailureName } from '../states/failure-policy.js';

/** How an attempt ended; empty while it is under way. */
export type AttemptOutcome = FailureName | 'DONE' | 'CANCELLED' | '';

/** One attempt at a task. */
export interface AttemptRecord {
  readonly attempt: number;
  readonly trainerId: string;
  readonly startedMs: number;
  readonly endedMs: number | undefined;
  readonly outcome: AttemptOutcome;
  /** Why it has no result. */
  readonly message: string;
  /** Where it was when it was last heard of; empty and 0 for one with a result. */
  readonly stage: string;
  /** Of the whole task, 0 to 1. */
  readonly fraction: number;
  readonly peakRssBytes: bigint;
}

/** What is known of a task's attempts: those that were, and the number of the present one. */
interface Attempts {
  readonly attempts: readonly AttemptRecord[];
  readonly attempt: number;
}

/** Attempts of a task that are kept; one that is handed back time and again has more. */
export const KEPT_ATTEMPTS = 50;

/** The attempts of a task that is given out now, under its number. */
export function withAttempt(
  { attempts, attempt }: Attempts,
  { trainerId, startedMs }: Pick<AttemptRecord, 'trainerId' | 'startedMs'>,
): readonly AttemptRecord[] {
  const begun: AttemptRecord = {
    ...{ attempt, trainerId, startedMs, endedMs: undefined, outcome: '' },
    ...{ message: '', stage: '', fraction: 0, peakRssBytes: 0n },
  };
  return [...attempts, begun].slice(-KEPT_ATTEMPTS);
}

/** The attempts of a task whose present one ends; the same when none is under way. */
export function withAttemptEnded(
  { attempts, attempt }: Attempts,
  end: Pick<AttemptRecord, 'outcome'> & { endedMs: number } & Partial<AttemptRecord>,
): readonly AttemptRecord[] {
  return attempts.map((record) => {
    if (record.attempt !== attempt || record.outcome !== '') return record;
    // Not before it began, whatever the clock was set to meanwhile.
    return { ...record, ...end, endedMs: Math.max(record.startedMs, end.endedMs) };
  });
}
