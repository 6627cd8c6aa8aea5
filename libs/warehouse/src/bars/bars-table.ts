import { BQX_WINDOW, WINDOWS } from '../windows.js';

/** Name of the temporary table with a pair's bars and what every family needs of them. */
export const barsTable = (pair: string): string => `bars_${pair}`;

/** Name of the temporary table into which raw bars are loaded before they are checked. */
export const rawTable = (pair: string): string => `raw_${pair}`;

/**
 * `bars_{pair}` from `raw_{pair}`: k (ordinal from 1), prices, first_close and first_volume (for prices
 * indexed to 100), r (one-bar return in percent), lv (log volume against its own trailing mean) and bqx_{W}.
 */
export function createBarsTable(pair: string): string {
  const bqx = WINDOWS.map(
    (w) => `100 * (close - lag(close, ${w}) OVER o) / lag(close, ${w}) OVER o AS bqx_${w}`,
  );
  return `CREATE OR REPLACE TEMP TABLE ${barsTable(pair)} AS
WITH numbered AS (
  SELECT *, row_number() OVER (ORDER BY interval_time) AS k,
    first_value(close) OVER (ORDER BY interval_time) AS first_close,
    greatest(first_value(volume) OVER (ORDER BY interval_time), 1) AS first_volume
  FROM ${rawTable(pair)}
)
SELECT k, interval_time, open, high, low, close, volume, first_close, first_volume,
  100 * (close - lag(close) OVER o) / lag(close) OVER o AS r,
  CASE WHEN k >= ${BQX_WINDOW} THEN ln(1 + volume)
    - avg(ln(1 + volume)) OVER (ORDER BY k ROWS ${WINDOWS.at(-1)! - 1} PRECEDING) END AS lv,
  lag(close, ${BQX_WINDOW}) OVER o AS close_before,
  ${bqx.join(',\n  ')}
FROM numbered WINDOW o AS (ORDER BY k) ORDER BY k`;
}
