/**
 * How full the process is, and what is done about it.
 *
 * - `ok`
 * - `shrink`: learners that are kept for later but not in use are dropped.
 * - `pause`: no new task is taken.
 * - `abort`: the compute thread is terminated and its task reported as out of memory.
 */
export type MemoryLevel = 'ok' | 'shrink' | 'pause' | 'abort';

/** Shares of the limit above which a level begins. Shrinking starts early since freed memory returns late. */
export const SHRINK_ABOVE = 0.75;
export const PAUSE_ABOVE = 0.9;
export const ABORT_ABOVE = 1;

/** Level of a resident set size under a limit, both in bytes. */
export function memoryLevel(rssBytes: number, limitBytes: number): MemoryLevel {
  const share = rssBytes / limitBytes;
  if (share > ABORT_ABOVE) return 'abort';
  if (share > PAUSE_ABOVE) return 'pause';
  if (share > SHRINK_ABOVE) return 'shrink';
  return 'ok';
}

/**
 * Share of a container's limit that counts as all of it: at the limit itself the system kills the process, and
 * its task would be lost without a word.
 */
export const CONTAINER_SHARE = 0.95;

const ORDER: readonly MemoryLevel[] = ['ok', 'shrink', 'pause', 'abort'];

/** The more pressing of two levels. */
export function worseLevel(a: MemoryLevel, b: MemoryLevel): MemoryLevel {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}
