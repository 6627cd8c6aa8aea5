import type { Variant } from '../variant.js';
import { pairSeries } from './series-source.js';

/** Temporary table with two pairs on the bars they share; replaced for every two pairs. */
export const PAIR_SERIES_TABLE = 'pair_series';

/**
 * Two lines on the union of their times. val1, val2, spread and ratio only where both have a bar; rolling
 * statistics over the last W shared bars, so a gap of one pair never shortens a window:
 * mean_W, var_W of the spread, agree_W (share of bars in which both moved the same way) and corr_W (correlation
 * of the values of the bqx lines, of the one-bar changes of the others: levels of prices correlate by accident).
 */
export function createPairSeriesTable(
  first: string,
  second: string,
  variant: Variant,
  windows: readonly number[],
): string {
  const corr = variant === 'bqx' ? 'corr(val1, val2)' : 'corr(d1, d2)';
  const columns = windows.flatMap((w) => {
    const full = (name: string, aggregate: string, rows: number): string =>
      `CASE WHEN k >= ${rows} THEN ${aggregate} OVER w${w} END AS ${name}_${w}`;
    return [
      full('mean', 'avg(spread)', w),
      full('var', 'var_pop(spread)', w),
      full('agree', 'avg((d1 * d2 > 0)::INTEGER)', w + 1),
      full('corr', corr, w + 1),
    ];
  });
  const frames = windows.map((w) => `w${w} AS (ORDER BY k ROWS ${w - 1} PRECEDING)`);
  return `CREATE OR REPLACE TEMP TABLE ${PAIR_SERIES_TABLE} AS
WITH one AS (${pairSeries(first, variant).sql}), two AS (${pairSeries(second, variant).sql}),
shared AS (
  SELECT interval_time, row_number() OVER (ORDER BY interval_time) AS k,
    one.x AS val1, two.x AS val2, one.x - two.x AS spread
  FROM one JOIN two USING (interval_time)
), stepped AS (
  SELECT *, val1 - lag(val1) OVER o AS d1, val2 - lag(val2) OVER o AS d2
  FROM shared WINDOW o AS (ORDER BY k)
), rolled AS (
  SELECT interval_time, val1, val2, spread,
    ${columns.join(',\n    ')}
  FROM stepped WINDOW ${frames.join(', ')}
), times AS (SELECT interval_time FROM one UNION SELECT interval_time FROM two)
SELECT * FROM times LEFT JOIN rolled USING (interval_time) ORDER BY interval_time`;
}
