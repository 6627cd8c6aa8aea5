import type { LearnConfig } from '../config/learn-config.js';
import { bootstrapBlock, degreesOfFreedom } from '../metrics/block-bootstrap.js';
import { type DetectableEffect, detectableEffect } from '../scoring/detectable-effect.js';
import type { LabelGeometry } from '../splits/label-span.js';
import { requireLearnable } from './require-learnable.js';

/** The least that a sample would show of a horizon, before it is fetched. */
export interface SmallestEffect extends DetectableEffect {
  readonly horizon: number;
}

/**
 * What the final segment of a sample would show four times in five on a random walk, if selection found it: labels that overlap
 * count as fewer independent rows, and the known part leaves less to be told.
 *
 * @param usable rows with target, known part and persistence, or all of them where that is not known
 * @throws LearnInputError when the horizon cannot be learned from the rows
 */
export function smallestEffect(
  { bar, usable }: { readonly bar: Int32Array; readonly usable: Uint32Array },
  horizon: number,
  { targetWindow, columns, config }: { targetWindow: number; columns: number; config: LearnConfig },
): SmallestEffect {
  const geometry = { horizon, targetWindow };
  const { final } = requireLearnable({ bar, usable, columns, geometry, config });
  const { level, replicates } = config.verdict;
  const block = bootstrapBlock(final, bar, geometry);
  const effect = detectableEffect({
    level,
    degrees: degreesOfFreedom({ rows: final.length, block, replicates, level, seed: 0n }),
    effectiveRows: effectiveRows(final, bar, geometry),
    uncertainty: uncertaintyOf(geometry),
  });
  return { horizon, ...effect };
}

/**
 * Independent rows that overlapping labels are worth: n over the mean sum of the autocorrelations of the unknown part's
 * sign, 2 / pi asin(1 - lag / span) on a random walk, where the unknown part spans horizon or window, whichever is shorter.
 */
export function effectiveRows(
  rows: Uint32Array,
  bar: Int32Array,
  { horizon, targetWindow }: LabelGeometry,
): number {
  const span = Math.min(horizon, targetWindow);
  const byLag = Float64Array.from({ length: span }, (_, lag) => (2 / Math.PI) * Math.asin(1 - lag / span));
  let sum = rows.length;
  let start = 0;
  for (let k = 0; k < rows.length; k++) {
    while (bar[rows[k]!]! - bar[rows[start]!]! >= span) start++;
    for (let other = start; other < k; other++) sum += 2 * byLag[bar[rows[k]!]! - bar[rows[other]!]!]!;
  }
  return rows.length ** 2 / sum;
}

/** Mean of p (1 - p) of the known part's own probability on a random walk: 1 / 4 - asin(known share) / (2 pi) (Sheppard 1899). */
function uncertaintyOf({ horizon, targetWindow }: LabelGeometry): number {
  const share = Math.max(0, targetWindow - horizon) / targetWindow;
  return 0.25 - Math.asin(share) / (2 * Math.PI);
}
