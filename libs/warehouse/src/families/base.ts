import { TARGET_WINDOWS } from '@onescan/contract/horizon.js';
import { barsTable } from '../bars/bars-table.js';
import { double, float } from '../column.js';
import { WINDOWS } from '../windows.js';
import type { Family } from './family.js';

/** Prices indexed to 100 at the first bar. DOUBLE: the fetcher derives returns over a few bars from close_idx. */
export function baseIdx(pair: string): Family {
  const idx = (column: string): string => `100 * ${column} / first_close`;
  return {
    columns: [
      double('open_idx', idx('open')),
      double('high_idx', idx('high')),
      double('low_idx', idx('low')),
      double('close_idx', idx('close')),
      double('volume_idx', '100 * volume / first_volume'),
    ],
    from: barsTable(pair),
  };
}

/**
 * bqx_{W} and, as in the real tables, target_{W}: the return over the NEXT W bars. Those are future values among
 * the features, a trap on purpose; whoever trains on them has leaked.
 */
export function baseBqx(pair: string): Family {
  const next = (w: number): string => `100 * (lead(close, ${w}) OVER (ORDER BY k) - close) / close`;
  return {
    columns: [
      ...WINDOWS.map((w) => double(`bqx_${w}`, `bqx_${w}`)),
      ...TARGET_WINDOWS.map((w) => double(`target_${w}`, next(w))),
    ],
    from: barsTable(pair),
  };
}

/** Correlations with exchange-traded funds: bars of currency pairs hold none, so the columns are NULL throughout. */
export function corrEtf(pair: string, windows: readonly number[]): Family {
  return { columns: windows.map((w) => float(`corr_spy_${w}`, 'NULL')), from: barsTable(pair) };
}
