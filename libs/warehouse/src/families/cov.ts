import { type Column, float, literal, quotient, text } from '../column.js';
import { PAIR_SERIES_TABLE } from '../series/pair-series.js';
import { columnsOf, type Family, type Stats, type StatTable } from './family.js';

const COV: StatTable = {
  spread_ma: (w) => float(`spread_ma_${w}`, `mean_${w}`),
  spread_zscore: (w) =>
    float(`spread_zscore_${w}`, quotient(`spread - mean_${w}`, `sqrt(var_${w} * ${w} / ${w - 1}.0)`)),
  agreement: (w) => float(`agreement_${w}`, `agree_${w}`),
};

/** Two pairs side by side; `spread`, `val1`, `pair1` have the same names in every such table, with other data. */
export function cov(first: string, second: string, windows: readonly number[], stats: Stats = 'all'): Family {
  const columns: Column[] = [
    text('pair1', literal(first)),
    text('pair2', literal(second)),
    float('val1', 'val1'),
    float('val2', 'val2'),
    float('spread', 'spread'),
    float('ratio', quotient('val1', 'val2')),
    ...columnsOf(COV, stats, windows),
  ];
  return { columns, from: PAIR_SERIES_TABLE };
}

/** Rolling correlation of two pairs. DuckDB's corr of a constant window is NaN: no correlation, so NULL. */
export function corr(windows: readonly number[]): Family {
  return {
    columns: windows.map((w) => float(`corr_${w}`, `CASE WHEN isfinite(corr_${w}) THEN corr_${w} END`)),
    from: PAIR_SERIES_TABLE,
  };
}
