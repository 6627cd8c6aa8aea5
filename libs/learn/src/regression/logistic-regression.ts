import { LearnInputError } from '../errors/learn-input-error.js';
import { choleskySolve } from '../numeric/cholesky-solve.js';
import { sigmoid } from '../numeric/sigmoid.js';
import { dot, gatherWithIntercept, type LinearFit, weightedGram } from './linear-fit.js';

export interface LogisticInput {
  /** Standardised columns, each over all rows. */
  readonly columns: readonly Float64Array[];
  readonly rows: Uint32Array;
  /** 0 or 1, indexed by row number. */
  readonly label: Float64Array;
  /** Log-odds the model starts from, indexed by row number. */
  readonly offset?: Float64Array;
  /** Ridge penalties to fit, each as a multiple of the number of rows; the intercept is not penalised. */
  readonly penalties: readonly number[];
}

const MAX_STEPS = 25;

/**
 * Ridge-penalised logistic regression by Newton's method (Hastie, Tibshirani & Friedman 2009, 4.4.1):
 * minimises the sum of log losses + penalty * rows / 2 * |coefficients|^2, one fit a penalty, each started
 * from the one before.
 *
 * @throws LearnInputError when there is no row
 */
export function fitLogistic({ columns, rows, label, offset, penalties }: LogisticInput): LinearFit[] {
  if (rows.length === 0) throw new LearnInputError('a logistic regression needs rows');
  const x = gatherWithIntercept(columns, rows);
  const y = Float64Array.from(rows, (row) => label[row]!);
  const start = Float64Array.from(rows, (row) => (offset ? offset[row]! : 0));
  let beta = new Float64Array(x.length);
  return penalties.map((penalty) => {
    beta = newton({ x, y, start, ridge: penalty * rows.length, beta });
    return { intercept: beta[0]!, coefficients: beta.slice(1) };
  });
}

interface NewtonInput {
  readonly x: readonly Float64Array[];
  readonly y: Float64Array;
  readonly start: Float64Array;
  readonly ridge: number;
  readonly beta: Float64Array;
}

function newton({ x, y, start, ridge, beta: first }: NewtonInput): Float64Array<ArrayBuffer> {
  let beta = Float64Array.from(first);
  let loss = penalisedLoss(margins(x, start, beta), y, beta, ridge);
  for (let step = 0; step < MAX_STEPS; step++) {
    const margin = margins(x, start, beta);
    const p = margin.map(sigmoid);
    const weight = p.map((value) => Math.max(1e-9, value * (1 - value)));
    const residual = p.map((value, row) => y[row]! - value);
    const gradient = Float64Array.from(x, (column, j) => dot(column, residual) - (j ? ridge * beta[j]! : 0));
    const hessian = weightedGram(x, weight);
    for (let j = 0; j < x.length; j++) hessian[j * x.length + j]! += j ? ridge + 1e-9 : 1e-9;
    const direction = choleskySolve(hessian, gradient);
    let scale = 1;
    let next = beta.map((value, j) => value + direction[j]!);
    let nextLoss = penalisedLoss(margins(x, start, next), y, next, ridge);
    while (nextLoss > loss && scale > 1e-6) {
      scale /= 2;
      next = beta.map((value, j) => value + scale * direction[j]!);
      nextLoss = penalisedLoss(margins(x, start, next), y, next, ridge);
    }
    const gained = loss - nextLoss;
    if (gained > 0) {
      beta = next;
      loss = nextLoss;
    }
    if (gained < 1e-10 * (1 + Math.abs(loss))) break;
  }
  return beta;
}

function margins(x: readonly Float64Array[], start: Float64Array, beta: Float64Array): Float64Array {
  const margin = Float64Array.from(start);
  x.forEach((column, j) => {
    const coefficient = beta[j]!;
    if (coefficient === 0) return;
    for (let row = 0; row < margin.length; row++) margin[row]! += coefficient * column[row]!;
  });
  return margin;
}

function penalisedLoss(margin: Float64Array, y: Float64Array, beta: Float64Array, ridge: number): number {
  let loss = 0;
  for (let row = 0; row < margin.length; row++) {
    const signed = y[row]! > 0.5 ? -margin[row]! : margin[row]!;
    loss += signed > 0 ? signed + Math.log1p(Math.exp(-signed)) : Math.log1p(Math.exp(signed));
  }
  for (let j = 1; j < beta.length; j++) loss += (ridge / 2) * beta[j]! ** 2;
  return loss;
}
