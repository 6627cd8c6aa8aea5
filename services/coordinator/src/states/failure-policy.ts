/** Why an attempt ended without a result. */
export type FailureName =
  | 'BAD_DATA'
  | 'OUT_OF_MEMORY'
  | 'DOES_NOT_FIT'
  | 'DISK_FULL'
  | 'CRASH'
  | 'LOST'
  | 'HANDED_BACK'
  | 'UNDELIVERED';

/** Attempts that may crash or lose their trainer before a task is quarantined: it may be what kills them. */
export const MAX_CRASHES = 3;

/** Attempts that may run out of memory: one retry, since another trainer may have more room. */
export const MAX_OUT_OF_MEMORY = 2;

/** How often a task has failed so far. */
export interface FailureCounts {
  readonly crashes: number;
  readonly outOfMemory: number;
}

export interface FailureVerdict extends FailureCounts {
  readonly state: 'READY' | 'FAILED' | 'QUARANTINED';
}

/**
 * What becomes of a task after a failed attempt. Bad data is the same everywhere, and so is arithmetic that does not come
 * out, so they are never tried again; work handed back unharmed, or never delivered, is not counted. A full disk says nothing against the
 * task, so it never quarantines, but it does not try for ever either.
 */
export function afterFailure(kind: FailureName, counts: FailureCounts): FailureVerdict {
  const { crashes, outOfMemory } = counts;
  switch (kind) {
    case 'BAD_DATA':
    case 'DOES_NOT_FIT':
      return { state: 'FAILED', crashes, outOfMemory };
    case 'HANDED_BACK':
    case 'UNDELIVERED':
      return { state: 'READY', crashes, outOfMemory };
    case 'OUT_OF_MEMORY': {
      const state = outOfMemory + 1 >= MAX_OUT_OF_MEMORY ? 'FAILED' : 'READY';
      return { state, crashes, outOfMemory: outOfMemory + 1 };
    }
    case 'DISK_FULL': {
      const state = crashes + 1 >= MAX_CRASHES ? 'FAILED' : 'READY';
      return { state, crashes: crashes + 1, outOfMemory };
    }
    case 'CRASH':
    case 'LOST': {
      const state = crashes + 1 >= MAX_CRASHES ? 'QUARANTINED' : 'READY';
      return { state, crashes: crashes + 1, outOfMemory };
    }
  }
}
