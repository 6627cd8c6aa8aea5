import { CURRENCIES } from '@onescan/contract/pair.js';
import { type Column, float, literal, quotient, text } from '../column.js';
import { type Leg, legBetween } from '../pair-legs.js';
import { MARKET_TABLE } from '../series/market-table.js';
import { plainSeries, type SeriesSource } from '../series/series-source.js';
import { SERIES_TABLE } from '../series/series-table.js';
import type { Variant } from '../variant.js';
import { columnsOf, type Family, type Stats, type StatTable } from './family.js';

/** Three currencies and the legs a to b, b to c, c to a. */
export interface Triangle {
  readonly currencies: readonly [string, string, string];
  readonly legs: readonly [Leg, Leg, Leg];
}

/** All triangles whose three pairs are available: 56 of 28 pairs. */
export function triangles(available: readonly string[]): Triangle[] {
  return CURRENCIES.flatMap((a, i) =>
    CURRENCIES.slice(i + 1).flatMap((b, j) =>
      CURRENCIES.slice(i + j + 2).flatMap((c) => {
        const legs = [legBetween(a, b, available), legBetween(b, c, available), legBetween(c, a, available)];
        return legs.every((leg) => leg !== undefined)
          ? [{ currencies: [a, b, c] as const, legs: legs as unknown as [Leg, Leg, Leg] }]
          : [];
      }),
    ),
  );
}

const STEM: Readonly<Record<Variant, string>> = { plain: 'c', idx: 'i', bqx: 'b' };

/**
 * The arbitrage error of a triangle: the logarithm of the round trip a to b to c to a in basis points, zero without
 * arbitrage; on indexed prices relative to the first bar; on bqx the sum of the signed bqx (percent).
 */
export function triangleSeries(triangle: Triangle, variant: Variant): SeriesSource {
  const term = ({ pair, sign }: Leg): string =>
    variant === 'bqx' ? `${sign} * b_${pair}` : `${sign} * ln(${STEM[variant]}_${pair})`;
  const scale = variant === 'bqx' ? '' : '1e4 * ';
  const error = `${scale}(${triangle.legs.map(term).join(' + ')})`;
  const complete = triangle.legs.map(({ pair }) => `b_${pair} IS NOT NULL`).join(' AND ');
  return plainSeries(
    `triangle ${triangle.currencies.join(' ')} ${variant}`,
    error,
    `${MARKET_TABLE} WHERE ${complete}`,
  );
}

const TRI: StatTable = {
  error_ma: (w) => float(`error_ma_${w}`, `mean_${w}`),
  error_zscore: (w) =>
    float(`error_zscore_${w}`, quotient(`x - mean_${w}`, `sqrt(var_${w} * ${w} / ${w - 1}.0)`)),
};

/** |z-score| of the error below which the triangle is tight, and above which it is wide. */
const TIGHT_BELOW = 1;
const WIDE_ABOVE = 2;

/** Table of a triangle on the times of the market: NULL where one of the three pairs has no bar. */
export function tri(
  triangle: Triangle,
  variant: Variant,
  windows: readonly number[],
  stats: Stats = 'all',
): Family {
  const longest = windows.at(-1)!;
  const z = `abs(${quotient(`x - mean_${longest}`, `sqrt(var_${longest})`)})`;
  const columns: Column[] = [
    ...triangle.legs.map(({ pair }, i) => text(`pair${i + 1}`, literal(pair))),
    ...triangle.legs.map(({ pair }, i) => float(`val${i + 1}`, `${STEM[variant]}_${pair}`)),
    float('error', 'x'),
    ...columnsOf(TRI, stats, windows),
    text(
      'error_regime',
      `CASE WHEN ${z} < ${TIGHT_BELOW} THEN 'tight' WHEN ${z} > ${WIDE_ABOVE} THEN 'wide' WHEN ${z} IS NOT NULL THEN 'normal' END`,
    ),
  ];
  const values = triangle.legs.map(({ pair }) => `${STEM[variant]}_${pair}`).join(', ');
  const from = `(SELECT interval_time, ${values}, s.* EXCLUDE (interval_time)
  FROM ${MARKET_TABLE} LEFT JOIN ${SERIES_TABLE} s USING (interval_time)) ORDER BY interval_time`;
  return { columns, from };
}
