import { float, integer, quotient } from '../column.js';
import { LONGEST_MOMENTUM, windowsUpTo } from '../windows.js';
import { deviation } from './agg.js';
import { columnsOf, type Family, fromSeries, type Stats, type StatTable } from './family.js';

/** Rows over which roc_smooth averages the rate of change. */
const SMOOTHING = 15;

/** Rate of change in percent of the value W rows before. */
const roc = (w: number): string => `100 * ${quotient(`x - lag_${w}`, `abs(lag_${w})`)}`;

/** Momentum over W rows; strength is the net change as a share of the path walked (Kaufman's efficiency ratio). */
const MOM: StatTable = {
  roc: (w) => float(`mom_roc_${w}`, roc(w)),
  diff: (w) => float(`mom_diff_${w}`, `x - lag_${w}`),
  dir: (w) => integer(`mom_dir_${w}`, `sign(x - lag_${w})`),
  roc_smooth: (w) =>
    float(
      `mom_roc_smooth_${w}`,
      `CASE WHEN k >= ${w + SMOOTHING} THEN avg(${roc(w)}) OVER (ORDER BY k ROWS ${SMOOTHING - 1} PRECEDING) END`,
    ),
  zscore: (w) => float(`mom_zscore_${w}`, quotient(`x - mean_${w}`, deviation(w))),
  strength: (w) => float(`mom_strength_${w}`, quotient(`x - lag_${w}`, `path_${w}`)),
  pos_count: (w) => integer(`mom_pos_count_${w}`, `rises_${w}`),
};

export function mom(windows: readonly number[], stats: Stats = 'all'): Family {
  return fromSeries(columnsOf(MOM, stats, windowsUpTo(windows, LONGEST_MOMENTUM)));
}
