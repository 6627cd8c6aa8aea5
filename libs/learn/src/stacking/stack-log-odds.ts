import { INTERCEPT_HOLD } from '../calibration/platt.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { choleskySolve } from '../numeric/cholesky-solve.js';
import { sigmoid } from '../numeric/sigmoid.js';
import { dot, weightedGram } from '../regression/linear-fit.js';

export interface StackInput {
  /** Log-odds of what the stack starts from (the overlap baseline), one value a fitted row. */
  readonly base: Float64Array;
  /** Log-odds each model adds to the base, one array a model. */
  readonly added: readonly Float64Array[];
  readonly label: Float64Array;
  /** Strength, in rows, of the hold at weight 1 for the base and 0 for every model. */
  readonly priorRows: number;
}

/** log-odds = intercept + baseWeight * base + sum of weights * added; weights are not negative. */
export interface Stack {
  readonly intercept: number;
  readonly baseWeight: number;
  readonly weights: readonly number[];
}

const MAX_STEPS = 200;

/**
 * Non-negative stacking in log-odds (Wolpert 1992; Breiman 1996 for the constraint), fitted by projected
 * Newton steps over the active set on log loss + priorRows / 8 * (10 * intercept^2 + (baseWeight - 1)^2 +
 * sum of (weight * size)^2), where size is the root mean square of what the model adds. Models' weights stay
 * between 0 and 1: what a model adds is already in log-odds, and amplifying a model that adds next to
 * nothing would only amplify noise.
 *
 * @throws LearnInputError when there are no rows
 */
export function fitStack({ base, added, label, priorRows }: StackInput): Stack {
  if (label.length === 0) throw new LearnInputError('a stack needs rows');
  const x = [new Float64Array(label.length).fill(1), base, ...added];
  const prior = Float64Array.from(x, (column, j) => {
    const scale = j === 0 ? INTERCEPT_HOLD : j === 1 ? 1 : meanSquare(column);
    return (priorRows / 4) * scale + 1e-6;
  });
  const center = Float64Array.from(x, (_, j) => (j === 1 ? 1 : 0));
  let beta = Float64Array.from(center);
  let loss = objective(x, label, beta, center, prior);
  for (let step = 0; step < MAX_STEPS; step++) {
    const next = improve({ x, label, beta, center, prior, loss });
    if (!next) break;
    const gained = loss - next.loss;
    beta = next.beta;
    loss = next.loss;
    if (gained < 1e-11 * (1 + Math.abs(loss))) break;
  }
  return { intercept: beta[0]!, baseWeight: beta[1]!, weights: [...beta.slice(2)] };
}

/** Log-odds of the stack on any rows. */
export function stackLogOdds(stack: Stack, base: Float64Array, added: readonly Float64Array[]): Float64Array {
  return base.map((value, row) => {
    let sum = stack.intercept + stack.baseWeight * value;
    for (let m = 0; m < added.length; m++) sum += stack.weights[m]! * added[m]![row]!;
    return sum;
  });
}

interface Iterate {
  readonly x: readonly Float64Array[];
  readonly label: Float64Array;
  readonly beta: Float64Array<ArrayBuffer>;
  readonly center: Float64Array;
  readonly prior: Float64Array;
  readonly loss: number;
}

/** One Newton step over the free coordinates, halved until the objective falls; undefined at the optimum. */
function improve(at: Iterate): { beta: Float64Array<ArrayBuffer>; loss: number } | undefined {
  const { x, label, beta, center, prior, loss } = at;
  const p = linear(x, beta).map(sigmoid);
  const residual = p.map((value, row) => label[row]! - value);
  const gradient = x.map((column, j) => dot(column, residual) - prior[j]! * (beta[j]! - center[j]!));
  // A weight at a bound that would leave it stays where it is (Bertsekas 1982, projected Newton).
  const free = [...x.keys()].filter((j) => {
    const outward = gradient[j]! > 0 ? beta[j]! >= upperBound(j) : beta[j]! <= lowerBound(j);
    return !outward;
  });
  const weight = p.map((value) => Math.max(1e-9, value * (1 - value)));
  const hessian = weightedGram(
    free.map((j) => x[j]!),
    weight,
  );
  free.forEach((j, k) => {
    hessian[k * free.length + k]! += prior[j]!;
  });
  const direction = choleskySolve(
    hessian,
    Float64Array.from(free, (j) => gradient[j]!),
  );
  for (let scale = 1; scale > 1e-8; scale /= 2) {
    const next = Float64Array.from(beta);
    free.forEach((j, k) => {
      const value = beta[j]! + scale * direction[k]!;
      next[j] = Math.min(upperBound(j), Math.max(lowerBound(j), value));
    });
    const nextLoss = objective(x, label, next, center, prior);
    if (nextLoss < loss) return { beta: next, loss: nextLoss };
  }
  return undefined;
}

/** Coordinates are: intercept, weight of the base, weights of the models. */
function lowerBound(coordinate: number): number {
  return coordinate === 0 ? Number.NEGATIVE_INFINITY : 0;
}

function upperBound(coordinate: number): number {
  return coordinate < 2 ? Number.POSITIVE_INFINITY : 1;
}

function linear(x: readonly Float64Array[], beta: Float64Array): Float64Array {
  const sum = new Float64Array(x[0]!.length);
  x.forEach((column, j) => {
    for (let row = 0; row < sum.length; row++) sum[row]! += beta[j]! * column[row]!;
  });
  return sum;
}

function objective(
  x: readonly Float64Array[],
  label: Float64Array,
  beta: Float64Array,
  center: Float64Array,
  prior: Float64Array,
): number {
  const margin = linear(x, beta);
  let loss = 0;
  for (let row = 0; row < margin.length; row++) {
    const signed = label[row]! > 0.5 ? -margin[row]! : margin[row]!;
    loss += Math.max(0, signed) + Math.log1p(Math.exp(-Math.abs(signed)));
  }
  for (let j = 0; j < beta.length; j++) loss += (prior[j]! / 2) * (beta[j]! - center[j]!) ** 2;
  return loss;
}

function meanSquare(column: Float64Array): number {
  return dot(column, column) / Math.max(1, column.length);
}
