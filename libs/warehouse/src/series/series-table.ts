import type { SeriesSource } from './series-source.js';

/** Temporary table with a line and its rolling statistics; replaced for every line. */
export const SERIES_TABLE = 'series';

/** What the families of a line need beside mean and variance; each costs time on every line, so ask for no more. */
export type SeriesPart = 'extent' | 'lag' | 'squares' | 'path' | 'range' | 'curve';

/** All parts: what the families of a pair need. */
export const ALL_PARTS: readonly SeriesPart[] = ['extent', 'lag', 'squares', 'path', 'range', 'curve'];

export interface SeriesOptions {
  readonly windows: readonly number[];
  readonly parts: readonly SeriesPart[];
}

/**
 * Creates the series table: k, interval_time, x, d (change of one bar), and for every window W, over the
 * last W rows and NULL until there are W: mean_W and var_W (population).
 * - extent: min_W, max_W
 * - lag: lag_W = x[t-W]
 * - squares: sumsq_W = sum d^2
 * - path: path_W = sum |d|, rises_W = rows with d > 0
 * - range: atr_W = mean true range, atrvar_W its variance, ofvar_W = variance of volume signed by the bar
 * - curve: cov1_W = cov(x, k), cov2_W = cov(x, k^2), population, by DuckDB's Welford merge, which keeps
 *   them exact to rounding where sums of k^2 x would lose all digits
 */
export function createSeriesTable(source: SeriesSource, { windows, parts }: SeriesOptions): string {
  const columns = windows.flatMap((w) => windowColumns(w, parts));
  const frames = windows.map((w) => `w${w} AS (ORDER BY k ROWS ${w - 1} PRECEDING)`);
  return `CREATE OR REPLACE TEMP TABLE ${SERIES_TABLE} AS
WITH numbered AS (
  SELECT *, row_number() OVER (ORDER BY interval_time) AS k FROM (${source.sql})
), stepped AS (
  SELECT *, x - lag(x) OVER o AS d,
    greatest(high, lag(x) OVER o) - least(low, lag(x) OVER o) AS tr,
    CASE WHEN x > open THEN volume WHEN x < open THEN -volume WHEN volume IS NULL THEN NULL ELSE 0 END AS flow,
    k::DOUBLE AS k1, k::DOUBLE * k AS k2
  FROM numbered WINDOW o AS (ORDER BY k)
)
SELECT k, interval_time, x, open, high, low, volume, d, tr,
  ${columns.join(',\n  ')}
FROM stepped WINDOW o AS (ORDER BY k), ${frames.join(', ')} ORDER BY k`;
}

function windowColumns(w: number, parts: readonly SeriesPart[]): string[] {
  const full = (name: string, aggregate: string, rows = w): string =>
    `CASE WHEN k >= ${rows} THEN ${aggregate} OVER w${w} END AS ${name}_${w}`;
  const columns = [full('mean', 'avg(x)'), full('var', 'var_pop(x)')];
  // A change needs the row before, so W changes need W + 1 rows.
  const changes = w + 1;
  if (parts.includes('extent')) columns.push(full('min', 'min(x)'), full('max', 'max(x)'));
  if (parts.includes('lag')) columns.push(`lag(x, ${w}) OVER o AS lag_${w}`);
  if (parts.includes('squares')) columns.push(full('sumsq', 'sum(d * d)', changes));
  if (parts.includes('path')) {
    columns.push(full('path', 'sum(abs(d))', changes), full('rises', 'sum((d > 0)::INTEGER)', changes));
  }
  if (parts.includes('range')) {
    columns.push(
      full('atr', 'avg(tr)', changes),
      full('atrvar', 'var_pop(tr)', changes),
      full('ofvar', 'var_pop(flow)'),
    );
  }
  if (parts.includes('curve')) {
    columns.push(full('cov1', 'covar_pop(x, k1)'), full('cov2', 'covar_pop(x, k2)'));
  }
  return columns;
}
