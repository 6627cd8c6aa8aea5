import { type Column, float, integer, quotient } from '../column.js';
import { SERIES_TABLE } from '../series/series-table.js';
import { deviation } from './agg.js';
import { columnsOf, type Family, type Stats, type StatTable } from './family.js';

/** Two-sided 95 % point of the normal distribution. */
const NORMAL_95 = 1.96;

/**
 * Rolling least squares of x on 1, u and u^2 over the last W rows, u = rows from the window's end (0 at t,
 * -(W-1) at its start). With v = u + (W-1)/2 and q = v^2 - (W^2-1)/12 the regressors 1, v, q are orthogonal, so
 *   b1 = sum(v x) / (W (W^2-1) / 12),  b2 = sum(q x) / (W (W^2-1) (W^2-4) / 180)
 * (discrete Legendre polynomials), and sum(v x) = W cov(x, k), sum(q x) = W (cov(x, k^2) - 2 m cov(x, k)) where
 * m = k - (W-1)/2 is the mean of k in the window.
 */
function fitColumns(w: number): string[] {
  const middle = `(k - ${(w - 1) / 2})`;
  const sumV = `(${w} * cov1_${w})`;
  const sumQ = `(${w} * (cov2_${w} - 2 * ${middle} * cov1_${w}))`;
  return [
    `${sumV} / ${sumOfV2(w)} AS b1_${w}`,
    `${sumQ} / ${sumOfQ2(w)} AS b2_${w}`,
    `${w} * var_${w} AS sst_${w}`,
    `${notNegative(`${w} * var_${w} - ${sumV} * ${sumV} / ${sumOfV2(w)}`)} AS sse1_${w}`,
    `${notNegative(`${w} * var_${w} - ${sumV} * ${sumV} / ${sumOfV2(w)} - ${sumQ} * ${sumQ} / ${sumOfQ2(w)}`)} AS sse2_${w}`,
  ];
}

/** 0 where rounding made a sum of squares negative; NULL stays NULL, which greatest() would turn into 0. */
const notNegative = (expression: string): string =>
  `(CASE WHEN ${expression} < 0 THEN 0 ELSE ${expression} END)`;

const sumOfV2 = (w: number): string => `${(w * (w * w - 1)) / 12}`;
const sumOfQ2 = (w: number): string => `${(w * (w * w - 1) * (w * w - 4)) / 180}`;

const half = (w: number): number => (w - 1) / 2;
/** q at the window's end. */
const qEnd = (w: number): number => half(w) ** 2 - (w * w - 1) / 12;
/** Slope of the quadratic at the window's end. */
const endSlope = (w: number): string => `(b1_${w} + 2 * b2_${w} * ${half(w)})`;
/** The quadratic at the window's end. */
const endValue = (w: number): string => `(mean_${w} + b1_${w} * ${half(w)} + b2_${w} * ${qEnd(w)})`;
const lineEnd = (w: number): string => `(mean_${w} + b1_${w} * ${half(w)})`;
const rmse = (w: number): string => `sqrt(sse2_${w} / ${w})`;
const rmseLine = (w: number): string => `sqrt(sse1_${w} / ${w})`;
const forecast = (w: number, rows: number): string =>
  `(${endValue(w)} + ${rows} * ${endSlope(w)} + ${rows * rows} * b2_${w})`;
const r2 = (w: number): string => `(1 - ${quotient(`sse2_${w}`, `sst_${w}`)})`;
const r2Line = (w: number): string => `(1 - ${quotient(`sse1_${w}`, `sst_${w}`)})`;

/** The 35 columns; mean, std, min, max and range repeat agg exactly, as in the real tables. */
const REG: StatTable = {
  mean: (w) => float(`reg_mean_${w}`, `mean_${w}`),
  std: (w) => float(`reg_std_${w}`, deviation(w)),
  min: (w) => float(`reg_min_${w}`, `min_${w}`),
  max: (w) => float(`reg_max_${w}`, `max_${w}`),
  range: (w) => float(`reg_range_${w}`, `max_${w} - min_${w}`),
  slope: (w) => float(`reg_slope_${w}`, `b1_${w}`),
  slope_norm: (w) => float(`reg_slope_norm_${w}`, quotient(`b1_${w} * ${w - 1}`, deviation(w))),
  slope_t: (w) =>
    float(`reg_slope_t_${w}`, quotient(`b1_${w}`, `sqrt(sse1_${w} / ${w - 2} / ${sumOfV2(w)})`)),
  intercept: (w) => float(`reg_intercept_${w}`, `mean_${w} - b1_${w} * ${half(w)}`),
  line_end: (w) => float(`reg_line_end_${w}`, lineEnd(w)),
  deviation: (w) => float(`reg_deviation_${w}`, `x - mean_${w}`),
  zscore: (w) => float(`reg_zscore_${w}`, quotient(`x - mean_${w}`, deviation(w))),
  quad_coef: (w) => float(`reg_quad_coef_${w}`, `b2_${w}`),
  lin_coef: (w) => float(`reg_lin_coef_${w}`, endSlope(w)),
  quad_term: (w) => float(`reg_quad_term_${w}`, `b2_${w} * ${(w - 1) ** 2}`),
  lin_term: (w) => float(`reg_lin_term_${w}`, `${endSlope(w)} * ${w - 1}`),
  const_term: (w) => float(`reg_const_term_${w}`, endValue(w)),
  residual: (w) => float(`reg_residual_${w}`, `x - ${endValue(w)}`),
  residual_line: (w) => float(`reg_residual_line_${w}`, `x - ${lineEnd(w)}`),
  r2: (w) => float(`reg_r2_${w}`, r2(w)),
  r2_line: (w) => float(`reg_r2_line_${w}`, r2Line(w)),
  r2_gain: (w) => float(`reg_r2_gain_${w}`, `${r2(w)} - ${r2Line(w)}`),
  r2_adjusted: (w) => float(`reg_r2_adjusted_${w}`, `1 - (1 - ${r2(w)}) * ${w - 1} / ${w - 3}.0`),
  rmse: (w) => float(`reg_rmse_${w}`, rmse(w)),
  rmse_line: (w) => float(`reg_rmse_line_${w}`, rmseLine(w)),
  resid_var: (w) => float(`reg_resid_var_${w}`, `sse2_${w} / ${w - 3}`),
  resid_std: (w) => float(`reg_resid_std_${w}`, `sqrt(sse2_${w} / ${w - 3})`),
  resid_norm: (w) => float(`reg_resid_norm_${w}`, quotient(`x - ${endValue(w)}`, rmse(w))),
  resid_sign: (w) => integer(`reg_resid_sign_${w}`, `sign(x - ${endValue(w)})`),
  curve_sign: (w) => integer(`reg_curve_sign_${w}`, `sign(b2_${w})`),
  forecast_5: (w) => float(`reg_forecast_5_${w}`, forecast(w, 5)),
  forecast_change: (w) => float(`reg_forecast_change_${w}`, `${forecast(w, 5)} - x`),
  ci_lower: (w) => float(`reg_ci_lower_${w}`, `${forecast(w, 5)} - ${NORMAL_95} * ${rmse(w)}`),
  ci_upper: (w) => float(`reg_ci_upper_${w}`, `${forecast(w, 5)} + ${NORMAL_95} * ${rmse(w)}`),
  ci_width: (w) => float(`reg_ci_width_${w}`, `${2 * NORMAL_95} * ${rmse(w)}`),
};

export function reg(windows: readonly number[], stats: Stats = 'all'): Family {
  const columns: Column[] = columnsOf(REG, stats, windows);
  const fits = windows.flatMap(fitColumns).join(',\n    ');
  return { columns, from: `(SELECT *,\n    ${fits}\n  FROM ${SERIES_TABLE})` };
}
