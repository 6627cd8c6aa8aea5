import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { designOfBins } from '../regression/design-columns.js';
import type { LinearFit } from '../regression/linear-fit.js';

/**
 * A linear model of binned features as what each bin contributes: its exact SHAP values (Lundberg & Lee 2017,
 * corollary 1), coefficient * (value - mean value over the background rows). Missing values count as the
 * model treats them, as the mean of the fitted rows.
 */
export interface LinearPart {
  /** Mean of the model's output over the background rows. */
  readonly baseValue: number;
  readonly intercept: number;
  /** Matrix columns it uses. */
  readonly columns: readonly number[];
  /** By column: coefficient * design value of each bin. */
  readonly byBin: readonly Float64Array[];
  /** By column: mean of that over the background rows. */
  readonly mean: readonly number[];
}

export interface LinearPartInput {
  readonly matrix: BinnedMatrix;
  /** Matrix columns, in the order of the coefficients. */
  readonly columns: readonly number[];
  readonly fit: LinearFit;
  /** Rows the model was fitted on. */
  readonly fitRows: Uint32Array;
  readonly background: Uint32Array;
}

export function linearPart({ matrix, columns, fit, fitRows, background }: LinearPartInput): LinearPart {
  const byBin = columns.map((column, j) => {
    const coefficient = fit.coefficients[j]!;
    return designOfBins(matrix, column, fitRows).map((value) => coefficient * value);
  });
  const mean = columns.map((column, j) => {
    const bins = matrix.readColumn(column);
    return background.reduce((sum, row) => sum + byBin[j]![bins[row]!]!, 0) / background.length;
  });
  const baseValue = mean.reduce((sum, value) => sum + value, fit.intercept);
  return { baseValue, intercept: fit.intercept, columns, byBin, mean };
}
