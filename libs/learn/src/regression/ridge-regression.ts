import { LearnInputError } from '../errors/learn-input-error.js';
import { choleskySolve } from '../numeric/cholesky-solve.js';
import { dot, gatherWithIntercept, type LinearFit, weightedGram } from './linear-fit.js';

export interface RidgeInput {
  /** Standardised columns, each over all rows. */
  readonly columns: readonly Float64Array[];
  readonly rows: Uint32Array;
  /** Indexed by row number. */
  readonly value: Float64Array;
  /** Ridge penalties to fit, each as a multiple of the number of rows; the intercept is not penalised. */
  readonly penalties: readonly number[];
}

/**
 * Ridge regression (Hoerl & Kennard 1970): minimises squared errors + penalty * rows * |coefficients|^2, one
 * fit a penalty from one Gram matrix.
 *
 * @throws LearnInputError when there is no row
 */
export function fitRidge({ columns, rows, value, penalties }: RidgeInput): LinearFit[] {
  if (rows.length === 0) throw new LearnInputError('a ridge regression needs rows');
  const x = gatherWithIntercept(columns, rows);
  const y = Float64Array.from(rows, (row) => value[row]!);
  const gram = weightedGram(x);
  const moment = Float64Array.from(x, (column) => dot(column, y));
  return penalties.map((penalty) => {
    const system = Float64Array.from(gram);
    for (let j = 1; j < x.length; j++) system[j * x.length + j]! += penalty * rows.length + 1e-9;
    const beta = choleskySolve(system, moment);
    return { intercept: beta[0]!, coefficients: beta.slice(1) };
  });
}
