import type { Core } from '../core.js';

const DAY_MS = 86_400_000;

/** How often events are looked through, in milliseconds. */
export const PRUNE_EVENTS_MS = 3_600_000;

/**
 * Removes events that are kept no longer: of every run all but its newest, of a run that ended long ago all but
 * its last. What is removed is always the beginning, so that the numbers of the rest have no gap; whoever asks
 * for what is gone is told so. Results, ledgers and reports are kept. Called under the lock.
 */
export async function pruneEvents({ book, options, clock, log }: Core): Promise<void> {
  const { keepEvents, keepEventDays } = options;
  const endedBeforeMs = clock() - keepEventDays * DAY_MS;
  const removed = await book.store.deleteOldEvents({ keep: keepEvents, endedBeforeMs });
  if (removed > 0) log.info({ removed }, 'removed old events');
}
