import type { LearnConfig } from '../config/learn-config.js';
import type { PairInput } from '../data/pair-input.js';
import { retainedSuspects } from '../leaks/retained-suspects.js';
import { refusedSuspect } from '../leaks/table-suspects.js';
import { type ProgressHooks, partOf } from '../progress/progress-hooks.js';
import type { WorkPool } from '../threads/work-pool.js';
import type { PairSelection, Selected } from './pair-selection.js';

/** What a horizon's selection is looked at with. */
export interface SecondLook {
  readonly pair: PairInput;
  readonly config: Pick<LearnConfig, 'leaks'>;
  readonly selection: PairSelection;
  readonly pool: WorkPool;
}

/**
 * Looks again at what was selected for a horizon, and at the final segment too. What is suspicious then is said with the rest;
 * where suspicious features are to be refused, features are selected anew without it, until nothing is.
 *
 * @param select features of the horizon, without those that the pair's selection was told to refuse
 * @throws CancelledError
 */
export function withSecondLook<Found extends Selected>(
  { pair, config, selection, pool }: SecondLook,
  horizon: number,
  select: () => Found,
  hooks: ProgressHooks,
): Found {
  const { matrix, bar, time, targetWindow } = pair;
  const targets = pair.targets.filter((target) => target.horizon === horizon);
  const { honestShare, suspicious } = config.leaks;
  for (;;) {
    const found = select();
    const { leaks } = found;
    const candidates = [...found.selection.selected].sort((a, b) => a - b);
    if (candidates.length === 0) return found;
    const input = { matrix, candidates, bar, time, rows: bar.length, targetWindow, targets, honestShare };
    const suspects = retainedSuspects(input, pool, partOf(hooks, 1, 1));
    if (suspects.size === 0) return found;
    if (suspicious === 'keep') {
      return { ...found, leaks: { ...leaks, suspicious: new Map([...suspects, ...leaks.suspicious]) } };
    }
    const refused = [...suspects].map(([column, why]) => [column, refusedSuspect(why)] as const);
    selection.refuse(horizon, new Map(refused));
  }
}
