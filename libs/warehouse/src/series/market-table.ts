import { CURRENCIES } from '@onescan/contract/pair.js';
import { barsTable } from '../bars/bars-table.js';
import { legsOf } from '../pair-legs.js';
import { BQX_WINDOW } from '../windows.js';

/** Temporary table with one row for every time at which any pair has a bar, and all pairs side by side. */
export const MARKET_TABLE = 'market';

/**
 * The market table from the bars of the pairs that are there. Per pair c_ (close), i_ (indexed), b_ (bqx_45),
 * r_ (one-bar return in percent) and v_ (log volume against its own mean), NULL where the pair has no bar. Per
 * currency: ret_ and bqx_ (mean over its pairs, signed so that a rise is strength), flow_ (mean v of its pairs less
 * that of the others). Means are written out term by term: an aggregate over threads would add in any order.
 */
export function createMarketTable(pairs: readonly string[]): string[] {
  const times = pairs.map((pair) => `SELECT interval_time FROM ${barsTable(pair)}`).join(' UNION ');
  const columns = pairs.map(
    (pair) => `${pair}.close AS c_${pair}, 100 * ${pair}.close / ${pair}.first_close AS i_${pair},
    ${pair}.bqx_${BQX_WINDOW} AS b_${pair}, ${pair}.r AS r_${pair}, ${pair}.lv AS v_${pair}`,
  );
  const joins = pairs.map((pair) => `LEFT JOIN ${barsTable(pair)} AS ${pair} USING (interval_time)`);
  const perCurrency = CURRENCIES.flatMap((currency) => {
    const legs = legsOf(currency, pairs);
    const others = pairs.filter((pair) => !pair.includes(currency));
    const signed = (stem: string): string[] => legs.map((leg) => `${leg.sign} * ${stem}_${leg.pair}`);
    return [
      `${meanOf(signed('r'))} AS ret_${currency}`,
      `${meanOf(signed('b'))} AS bqx_${currency}`,
      `${meanOf(legs.map((leg) => `v_${leg.pair}`))} - ${meanOf(others.map((pair) => `v_${pair}`))} AS flow_${currency}`,
    ];
  });
  const returns = pairs.map((pair) => `r_${pair}`);
  return [
    `CREATE OR REPLACE TEMP TABLE market_pairs AS SELECT interval_time, ${columns.join(',\n  ')}
FROM (${times}) ${joins.join('\n')} ORDER BY interval_time`,
    `CREATE OR REPLACE TEMP TABLE ${MARKET_TABLE} AS
WITH strengths AS (
  SELECT *, ${perCurrency.join(',\n    ')},
    ${meanOf(returns.map((r) => `${r} * ${r}`))} AS square_all,
    ${meanOf(pairs.map((pair) => `v_${pair}`))} AS volume_all
  FROM market_pairs
)
SELECT *, row_number() OVER (ORDER BY interval_time) AS k,
  ${CURRENCIES.map((c) => `sum(coalesce(ret_${c}, 0)) OVER (ORDER BY interval_time ROWS UNBOUNDED PRECEDING) AS level_${c}`).join(',\n  ')},
  sqrt(${meanOf(CURRENCIES.map((c) => `ret_${c} * ret_${c}`))}) AS dispersion
FROM strengths ORDER BY interval_time`,
  ];
}

/** Mean of the terms that are not NULL, added in the order given; NULL when there is none. */
export function meanOf(terms: readonly string[]): string {
  if (terms.length === 0) return 'NULL::DOUBLE';
  const sum = terms.map((term) => `coalesce(${term}, 0)`).join(' + ');
  const count = terms.map((term) => `(${term} IS NOT NULL)::INTEGER`).join(' + ');
  return `((${sum}) / nullif(${count}, 0))`;
}
