import { CURRENCIES } from '@onescan/contract/pair.js';
import { type Column, float, text } from '../column.js';
import { ATTACHED, FEATURE_SCHEMA } from '../schema.js';
import { MARKET_TABLE, meanOf } from '../series/market-table.js';
import { plainSeries, type SeriesSource } from '../series/series-source.js';
import type { Family } from './family.js';

/** Lines of the whole market, each a `mkt_` table with its rolling statistics. */
export function marketSeries(): SeriesSource[] {
  const line = (name: string, expression: string): SeriesSource =>
    plainSeries(name, `coalesce(${expression}, 0)`, MARKET_TABLE);
  return [
    line('dollar', 'level_usd'),
    line('risk', '(level_aud + level_nzd - level_chf - level_jpy) / 2'),
    line('volatility', 'sqrt(square_all)'),
    line('dispersion', 'dispersion'),
    line('volume', 'volume_all'),
  ];
}

/** Earlier values of the flow, in rows. */
const FLOW_LAGS: readonly number[] = [15, 30, 45];

/**
 * Volume pressure by currency: log volume of its pairs against that of all others, now, before and averaged. In the
 * simulation flow_eur shows the planted state.
 */
export function marketFlow(windows: readonly number[], currencies: readonly string[] = CURRENCIES): Family {
  const columns: Column[] = currencies.flatMap((c) => [
    float(`flow_${c}`, `flow_${c}`),
    ...FLOW_LAGS.map((rows) => float(`flow_${c}_lag_${rows}`, `lag(flow_${c}, ${rows}) OVER (ORDER BY k)`)),
    ...windows.map((w) =>
      float(`flow_${c}_ma_${w}`, `CASE WHEN k >= ${w} THEN avg(flow_${c}) OVER w${w} END`),
    ),
  ]);
  const frames = windows.map((w) => `w${w} AS (ORDER BY k ROWS ${w - 1} PRECEDING)`).join(', ');
  return { columns, from: `${MARKET_TABLE} WINDOW ${frames}` };
}

/** Share of currencies that gained over each window, and the strongest over the shortest. */
export function marketBreadth(windows: readonly number[]): Family {
  const change = (c: string, w: number): string => `level_${c} - lag(level_${c}, ${w}) OVER (ORDER BY k)`;
  const columns: Column[] = windows.map((w) =>
    float(`breadth_${w}`, meanOf(CURRENCIES.map((c) => `((${change(c, w)}) > 0)::INTEGER`))),
  );
  const [short] = windows as [number, ...number[]];
  const best = `greatest(${CURRENCIES.map((c) => change(c, short)).join(', ')})`;
  const cases = CURRENCIES.map((c) => `WHEN ${best} = ${change(c, short)} THEN '${c}'`).join(' ');
  columns.push(text('strongest', `CASE WHEN k > ${short} THEN CASE ${cases} END END`));
  return { columns, from: MARKET_TABLE };
}

/** Markets outside currencies: bars of pairs hold none, so the columns are NULL throughout, as many real ones are. */
export function marketOutside(): Family {
  return {
    columns: ['spy', 'vix', 'gold', 'oil'].map((name) => float(`${name}_return`, 'NULL')),
    from: MARKET_TABLE,
  };
}

export const SUMMARY_TABLE = 'mkt_regime_summary';

/** A table without interval_time, a trap of the real warehouse: it describes the whole history, one row a regime. */
export function createMarketSummary(): string {
  return `CREATE TABLE ${ATTACHED}.${FEATURE_SCHEMA}.${SUMMARY_TABLE} AS
SELECT regime, count(*) AS bars, CAST(min(dispersion) AS FLOAT) AS dispersion_min, CAST(max(dispersion) AS FLOAT) AS dispersion_max
FROM (SELECT dispersion, CASE WHEN dispersion < 0.01 THEN 'calm' WHEN dispersion < 0.03 THEN 'normal' ELSE 'volatile' END AS regime
  FROM ${MARKET_TABLE} WHERE dispersion IS NOT NULL) GROUP BY regime ORDER BY regime`;
}
