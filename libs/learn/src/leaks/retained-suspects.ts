import type { ProgressHooks } from '../progress/progress-hooks.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';
import { explainedPart, type ShareSuspicion } from './leak-reasons.js';
import { leakWindows } from './leak-windows.js';
import { FALSE_ALARMS, type LeakInput, pairLeaks, usableRows } from './pair-leaks.js';
import { partialSpans } from './partial-spans.js';
import { tablePanel } from './table-panel.js';

/** What the second look has besides the retained columns. */
export interface SecondLookInput extends LeakInput {
  /** bqx_W of every row; NaN: missing. */
  readonly persistence: Float64Array;
}

/**
 * Looks again at the features that were retained for a horizon, against its target alone and on all rows: a handful of
 * tests instead of thousands reach much smaller shares by chance, and a leak that begins late shows in the final segment,
 * where the verdict would rest on it. They are looked at in hours of the day, on days of the week and after moves of each
 * size, too, where they must explain a larger share: as much of the whole period as honest features do. Nothing is fitted
 * by it: it only takes trust away.
 *
 * @param input with the retained columns as candidates, one target and all rows
 * @returns by matrix column, what exceeds both what is honest and what chance reaches
 * @throws CancelledError
 */
export function retainedSuspects(
  input: SecondLookInput,
  pool: WorkPool = callingThread,
  hooks: ProgressHooks = {},
): ReadonlyMap<number, ShareSuspicion> {
  const spans = partialSpans(input.time, input.persistence);
  const found = new Map<number, ShareSuspicion>();
  for (const span of [undefined, ...spans]) {
    const part = span ? { span, looks: spans.length } : {};
    const { refused, suspicious } = pairLeaks({ ...input, ...part }, pool, hooks);
    for (const [column, { facts }] of [...refused, ...suspicious]) {
      if (!found.has(column)) found.set(column, { code: 'suspicious_share', facts });
    }
  }
  return inOrder(found);
}

/**
 * Looks at the tables of retained features as a whole: many columns that tell a little of the future each.
 *
 * @param input with one target and all rows; candidates are not read
 * @param tables columns of each table that has a retained feature
 * @param retained columns that a suspicion of their table falls on
 * @param tested columns that the retained ones are the best of: of so many, some tell as much by chance, and their tables with them
 * @returns by retained column
 */
export function panelSuspects(
  input: Omit<LeakInput, 'candidates'>,
  tables: readonly (readonly number[])[],
  retained: readonly number[],
  tested: number,
): ReadonlyMap<number, ShareSuspicion> {
  const { matrix, bar, time, targets, targetWindow, honestShare } = input;
  const found = new Map<number, ShareSuspicion>();
  for (const target of targets) {
    const geometry = { horizon: target.horizon, targetWindow };
    const usable = usableRows(target, input, geometry);
    // A leak that begins late shows in the later half.
    for (const rows of [usable, usable.slice(usable.length >> 1)]) {
      const windows = leakWindows({ rows, bar, geometry });
      for (const columns of tables) {
        const evidence = tablePanel({
          ...{ columns, target, targetWindow, windows, honestShare, bins: matrix.bins },
          readColumn: (column) => matrix.readColumn(column),
          falseAlarm: FALSE_ALARMS / (2 * tested),
        });
        if (!evidence) continue;
        const facts = explainedPart(evidence, time);
        for (const column of retained) {
          if (columns.includes(column) && !found.has(column))
            found.set(column, { code: 'suspicious_share', facts });
        }
      }
    }
  }
  return inOrder(found);
}

function inOrder<Value>(found: ReadonlyMap<number, Value>): Map<number, Value> {
  return new Map([...found].sort(([a], [b]) => a - b));
}
