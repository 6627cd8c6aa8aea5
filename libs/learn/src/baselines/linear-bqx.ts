import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { HorizonData } from '../data/horizon-data.js';
import { designColumns } from '../regression/design-columns.js';
import { predictLinear } from '../regression/linear-fit.js';
import { fitLogistic } from '../regression/logistic-regression.js';

/** A pair's own bqx columns, e.g. base_bqx_eurusd.bqx_45. */
const BQX_FEATURE = /^base_bqx_[a-z]+\.bqx_\d+$/;

/** Columns are highly correlated (windows overlap): a mild ridge, as a share of the rows. */
const PENALTY = 1e-3;

/** Positions of the bqx columns among the features. */
export function bqxColumns(featureIds: readonly string[]): number[] {
  return [...featureIds.keys()].filter((position) => BQX_FEATURE.test(featureIds[position]!));
}

/** Log-odds of "up" for every row by a logistic regression on the bqx columns alone, fitted on `fitRows`. */
export function linearBqxLogOdds(
  matrix: BinnedMatrix,
  columns: readonly number[],
  data: HorizonData,
  fitRows: Uint32Array,
): Float64Array {
  const design = designColumns(matrix, columns, fitRows);
  const [fit] = fitLogistic({ columns: design, rows: fitRows, label: data.up, penalties: [PENALTY] });
  return predictLinear(fit!, design, Uint32Array.from(data.up.keys()));
}
