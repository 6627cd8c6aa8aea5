import type { PathOptions } from './entry-path.js';

export interface CoordinateDescentInput {
  /** Columns with mean 0 and mean square 1 (or all zeros), all of the same length. */
  columns: readonly Float64Array[];
  /** Mean 0. */
  target: Float64Array;
  path: PathOptions;
  /** Stops when this many variables have entered. */
  limit: number;
}

export interface ElasticNetPath {
  /** Columns in order of entry. */
  order: number[];
  /** Coefficients at the last penalty at which the path settled, by order of entry. */
  coefficients: number[];
}

const TOLERANCE = 1e-9;
const MOST_SWEEPS = 10_000;

/**
 * Elastic-net path by plain coordinate descent on residuals in float64 (Friedman, Hastie & Tibshirani 2010,
 * doi 10.18637/jss.v033.i01): minimises |y - Xb|^2 / (2n) + penalty (alpha |b|_1 + (1 - alpha) / 2 |b|_2^2)
 * for penalties falling from the largest useful one. Where several variables break the optimality condition,
 * the one with the largest gradient enters first.
 *
 * For designs of up to a few hundred columns; the reference that the covariance kernel is held to.
 */
export function coordinateDescent({ columns, target, path, limit }: CoordinateDescentInput): ElasticNetPath {
  const { alpha, ratio, steps } = path;
  const rows = target.length;
  const residual = Float64Array.from(target);
  const beta = new Float64Array(columns.length);
  const order: number[] = [];
  const gradients = () => columns.map((column) => inner(column, residual) / rows);
  let penalty = Math.max(...gradients().map(Math.abs)) / alpha;
  for (let step = 0; step < steps && order.length < limit; step++, penalty *= ratio) {
    const l1 = penalty * alpha;
    const least = step === 0 ? l1 * 0.999999 : l1;
    for (;;) {
      settle(columns, residual, beta, order, l1, penalty * (1 - alpha));
      const next = largestOutside(gradients(), order, least);
      if (next === undefined) break;
      order.push(next);
      if (order.length === limit) break;
    }
  }
  return { order, coefficients: order.map((column) => beta[column]!) };
}

function settle(
  columns: readonly Float64Array[],
  residual: Float64Array,
  beta: Float64Array,
  active: readonly number[],
  l1: number,
  l2: number,
): void {
  const rows = residual.length;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let moved = 0;
    for (const j of active) {
      const column = columns[j]!;
      const z = inner(column, residual) / rows + beta[j]!;
      const value = (Math.sign(z) * Math.max(0, Math.abs(z) - l1)) / (1 + l2);
      const change = value - beta[j]!;
      if (change === 0) continue;
      beta[j] = value;
      for (let row = 0; row < rows; row++) residual[row]! -= change * column[row]!;
      moved = Math.max(moved, Math.abs(change));
    }
    if (moved < TOLERANCE) return;
  }
}

function largestOutside(
  gradients: readonly number[],
  active: readonly number[],
  least: number,
): number | undefined {
  let best: number | undefined;
  gradients.forEach((gradient, column) => {
    if (active.includes(column) || Math.abs(gradient) <= least) return;
    if (best === undefined || Math.abs(gradient) > Math.abs(gradients[best]!)) best = column;
  });
  return best;
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < a.length; row++) sum += a[row]! * b[row]!;
  return sum;
}
