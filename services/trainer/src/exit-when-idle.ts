import type { TrainerState } from './life-cycle.js';

/**
 * Watches a trainer's states and calls `leave` when it was idle for a time without a break. Without the coordinator it is not
 * idle but waits for its return: work may be there.
 *
 * @param idleMs undefined: never
 */
export function exitWhenIdle(
  idleMs: number | undefined,
  leave: (reason: string) => void,
): (state: TrainerState) => void {
  let timer: NodeJS.Timeout | undefined;
  return (state) => {
    clearTimeout(timer);
    if (idleMs !== undefined && state === 'IDLE')
      timer = setTimeout(() => leave(`no task for ${idleMs} ms`), idleMs);
  };
}
