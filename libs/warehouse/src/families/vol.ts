import { float, quotient } from '../column.js';
import { LONGEST_VOLATILITY, windowsUpTo } from '../windows.js';
import { columnsOf, type Family, fromSeries, type Stats, type StatTable } from './family.js';

/** Volatility over W rows; of_vol is the deviation of the volume signed by the direction of its bar. */
const VOL: StatTable = {
  atr: (w) => float(`vol_atr_${w}`, `atr_${w}`),
  normalized: (w) => float(`vol_normalized_${w}`, `100 * ${quotient(`atr_${w}`, 'abs(x)')}`),
  of_vol: (w) => float(`vol_of_vol_${w}`, `sqrt(ofvar_${w})`),
  range_pct: (w) => float(`vol_range_pct_${w}`, `100 * ${quotient(`max_${w} - min_${w}`, 'abs(x)')}`),
  realized: (w) => float(`vol_realized_${w}`, `sqrt(sumsq_${w})`),
  zscore: (w) => float(`vol_zscore_${w}`, quotient(`tr - atr_${w}`, `sqrt(atrvar_${w})`)),
};

export function vol(windows: readonly number[], stats: Stats = 'all'): Family {
  return fromSeries(columnsOf(VOL, stats, windowsUpTo(windows, LONGEST_VOLATILITY)));
}
