import { float, quotient } from '../column.js';
import { columnsOf, type Family, fromSeries, type Stats, type StatTable } from './family.js';

/** Variance of a strength line's one-bar changes over W rows, against the longest window's, and its net share. */
export function variance(windows: readonly number[], stats: Stats = 'all'): Family {
  const longest = windows.at(-1)!;
  const perRow = (w: number): string => `sumsq_${w} / ${w}`;
  const VAR: StatTable = {
    realized: (w) => float(`var_${w}`, perRow(w)),
    ratio: (w) => float(`var_ratio_${w}`, quotient(perRow(w), perRow(longest))),
    net: (w) => float(`var_net_${w}`, quotient(`(x - lag_${w}) * (x - lag_${w})`, `sumsq_${w}`)),
  };
  // Rows before the longest window is full are not stored: the table starts later than the others.
  return fromSeries(columnsOf(VAR, stats, windows), `k > ${longest}`);
}
