import { MARKET_TABLE } from '../series/market-table.js';
import { plainSeries, type SeriesSource } from '../series/series-source.js';
import type { Variant } from '../variant.js';

/** The index stays within e^30 of where it began, far beyond any currency, so that its variance is a FLOAT. */
const STEEPEST = 30;

/**
 * The strength line of a currency: plain is the sum of its mean signed returns (percent), idx the same as an index
 * that starts at 100, bqx the mean signed bqx_45 of its pairs.
 */
export function strengthSeries(currency: string, variant: Variant): SeriesSource {
  const name = `strength ${currency} ${variant}`;
  switch (variant) {
    case 'plain':
      return plainSeries(name, `level_${currency}`, MARKET_TABLE);
    case 'idx':
      return plainSeries(
        name,
        `100 * exp(greatest(-${STEEPEST}, least(${STEEPEST}, level_${currency} / 100)))`,
        MARKET_TABLE,
      );
    case 'bqx':
      return plainSeries(name, `bqx_${currency}`, `${MARKET_TABLE} WHERE bqx_${currency} IS NOT NULL`);
  }
}
