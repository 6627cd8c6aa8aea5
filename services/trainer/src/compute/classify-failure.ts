import { isDiskFull, OnescanError } from '@onescan/contract/onescan-error.js';
import { LearnInputError } from '@onescan/learn';
import { isDoesNotFit } from '../memory/admit.js';
import type { ComputeFailureKind } from './compute-protocol.js';

export interface ComputeFailure {
  failure: ComputeFailureKind;
  message: string;
}

/** Errors of V8 and WebAssembly when memory, or an array as long as asked for, cannot be had. */
const ALLOCATION_FAILED =
  /could not allocate memory|allocation failed|out of memory|maximum (memory )?size exceeded|unable to grow|invalid (typed array|array buffer|array|string) length/i;
/** Not about memory: the same depth would be reached with more of it. */
const STACK_OVERFLOW = /maximum call stack size exceeded/i;

/** Codes of OnescanErrors that every trainer would meet with the same dataset and spec. */
const SAME_EVERYWHERE: ReadonlySet<string> = new Set([
  'INVALID_ARGUMENT',
  'FAILED_PRECONDITION',
  'DATA_LOSS',
  'NOT_FOUND',
  'OUT_OF_RANGE',
]);

/**
 * Sorts what a task threw: cancelled, out of memory, too large for its memory by arithmetic, no room on the disk, bad data (the dataset, its values or the
 * configuration, as the learning engine or the dataset says: never tried again), or a crash (tried again, on another trainer if there is one).
 */
export function classifyFailure(thrown: unknown): ComputeFailure {
  if (!(thrown instanceof Error)) return { failure: 'CRASH', message: String(thrown) };
  if (thrown.name === 'CancelledError' || thrown.name === 'AbortError') {
    return { failure: 'CANCELLED', message: 'cancelled' };
  }
  if (thrown instanceof LearnInputError) return { failure: 'BAD_DATA', message: thrown.message };
  if (isOutOfMemory(thrown)) return { failure: 'OUT_OF_MEMORY', message: thrown.message };
  if (thrown instanceof OnescanError) return classifyOnescanError(thrown);
  const storage = OnescanError.from(thrown);
  if (isDiskFull(storage)) return classifyOnescanError(storage);
  return { failure: 'CRASH', message: `${thrown.name}: ${thrown.message}` };
}

function isOutOfMemory({ name, message }: Error): boolean {
  if (name === 'ArenaFullError') return true;
  return ALLOCATION_FAILED.test(message) && !STACK_OVERFLOW.test(message);
}

function classifyOnescanError(error: OnescanError): ComputeFailure {
  if (error.code === 'CANCELLED') return { failure: 'CANCELLED', message: error.text };
  if (isDiskFull(error)) return { failure: 'DISK_FULL', message: error.text };
  if (isDoesNotFit(error)) return { failure: 'DOES_NOT_FIT', message: error.text };
  return { failure: SAME_EVERYWHERE.has(error.code) ? 'BAD_DATA' : 'CRASH', message: error.text };
}
