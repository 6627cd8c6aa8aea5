import { bool, type Column, float, integer, quotient, text, timestamp } from '../column.js';
import { SERIES_TABLE } from '../series/series-table.js';
import type { Family } from './family.js';

/** Ratio of short to long volatility below which a regime is calm, and above which it is volatile. */
const CALM_BELOW = 0.75;
const VOLATILE_ABOVE = 1.33;

/** Net change as a share of the path above which the line counts as trending. */
const TREND_ABOVE = 0.25;

/**
 * Volatility and trend regime from trailing windows only (cut-offs over the whole history would leak): ratio of
 * the shortest window's volatility per row to each longer one's, the regime by the longest, and since when.
 */
export function regime(windows: readonly number[]): Family {
  const [short, ...longer] = windows as [number, ...number[]];
  const ratio = (w: number): string =>
    `sqrt(${quotient(`sumsq_${short} / ${short}`, `nullif(sumsq_${w}, 0) / ${w}`)})`;
  const trend = (w: number): string => `abs(${quotient(`x - lag_${w}`, `path_${w}`)})`;
  const columns: Column[] = [
    ...longer.map((w) => float(`regime_vol_ratio_${w}`, ratio(w))),
    ...windows.map((w) => float(`regime_trend_${w}`, trend(w))),
    integer('regime_code', 'code'),
    text('regime', `CASE code WHEN 0 THEN 'calm' WHEN 1 THEN 'normal' WHEN 2 THEN 'volatile' END`),
    bool('regime_is_volatile', 'code = 2'),
    bool('regime_is_trending', `${trend(short)} > ${TREND_ABOVE}`),
    integer('regime_bars', 'k - since'),
    timestamp('regime_since', 'since_time'),
  ];
  const longest = longer.at(-1)!;
  const from = `(SELECT *,
    max(CASE WHEN turned THEN k END) OVER (ORDER BY k) AS since,
    max(CASE WHEN turned THEN interval_time END) OVER (ORDER BY k) AS since_time
  FROM (SELECT *, code IS DISTINCT FROM lag(code) OVER (ORDER BY k) AS turned
    FROM (SELECT *, CASE WHEN ${ratio(longest)} < ${CALM_BELOW} THEN 0 WHEN ${ratio(longest)} > ${VOLATILE_ABOVE} THEN 2
      WHEN ${ratio(longest)} IS NOT NULL THEN 1 END AS code FROM ${SERIES_TABLE})))`;
  return { columns, from };
}
