import type { ProgressHooks } from '../progress/progress-hooks.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';
import type { ShareSuspicion } from './leak-reasons.js';
import { type LeakInput, pairLeaks } from './pair-leaks.js';

/**
 * Looks again at the features that were retained for a horizon, against its target alone and on all rows: a handful of
 * tests instead of thousands reach much smaller shares by chance, and a leak that begins late shows in the final segment,
 * where the verdict would rest on it. Nothing is fitted by it: it only takes trust away.
 *
 * @param input with the retained columns as candidates, one target and all rows
 * @returns by matrix column, what exceeds both what is honest and what chance reaches
 * @throws CancelledError
 */
export function retainedSuspects(
  input: LeakInput,
  pool: WorkPool = callingThread,
  hooks: ProgressHooks = {},
): ReadonlyMap<number, ShareSuspicion> {
  const { refused, suspicious } = pairLeaks(input, pool, hooks);
  const all = [...refused, ...suspicious].map(
    ([column, { facts }]) => [column, { code: 'suspicious_share', facts }] as const,
  );
  return new Map(all.sort(([a], [b]) => a - b));
}
