import { float, integer, quotient } from '../column.js';
import { columnsOf, type Family, fromSeries, type Stats, type StatTable } from './family.js';

/** Sample standard deviation over the window from the population variance of the series table. */
export const deviation = (w: number): string => `sqrt(var_${w} * ${w} / ${w - 1}.0)`;

/** Rolling statistics of the line over W rows. count is W wherever it is not NULL: a constant, as in the real tables. */
const AGG: StatTable = {
  mean: (w) => float(`agg_mean_${w}`, `mean_${w}`),
  std: (w) => float(`agg_std_${w}`, deviation(w)),
  min: (w) => float(`agg_min_${w}`, `min_${w}`),
  max: (w) => float(`agg_max_${w}`, `max_${w}`),
  range: (w) => float(`agg_range_${w}`, `max_${w} - min_${w}`),
  sum: (w) => float(`agg_sum_${w}`, `mean_${w} * ${w}`),
  count: (w) => integer(`agg_count_${w}`, `CASE WHEN k >= ${w} THEN ${w} END`),
  cv: (w) => float(`agg_cv_${w}`, quotient(deviation(w), `abs(mean_${w})`)),
  position: (w) => float(`agg_position_${w}`, quotient(`x - min_${w}`, `max_${w} - min_${w}`)),
};

export function agg(windows: readonly number[], stats: Stats = 'all'): Family {
  return fromSeries(columnsOf(AGG, stats, windows));
}
