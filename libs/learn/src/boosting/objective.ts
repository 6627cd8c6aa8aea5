import { sigmoidOfScore } from '../numeric/sigmoid.js';
import { weightedQuantile } from './weighted-quantile.js';

/** Labels and weights of the rows a loss is taken over, by matrix row. */
export interface LabelledRows {
  readonly rows: Uint32Array;
  readonly label: Float64Array;
  readonly weight: Float64Array | undefined;
}

/** A loss: first and second derivatives with respect to the raw score, start, and leaf renewal. */
export interface ObjectiveFunction {
  /** Every row's hessian is its weight, so without weights hessian sums are row counts. */
  readonly constantHessian: boolean;
  /** The constant raw score that fits best (for Huber, the median: robust, and its usual start). */
  baseScore(data: LabelledRows): number;
  /** Fills gradient and hessian (by position in `data.rows`), weights included. */
  derivatives(data: LabelledRows, scores: Float64Array, gradient: Float64Array, hessian: Float64Array): void;
  /** Mean weighted loss. */
  loss(data: LabelledRows, scores: Float64Array): number;
  /** Best constant to add to the given positions, where a Newton step is not it; else undefined. */
  readonly renewLeaf?: (data: LabelledRows, scores: Float64Array, positions: Uint32Array) => number;
}

/** Parameters that some losses have. */
export interface ObjectiveParams {
  readonly huberDelta: number;
  readonly quantile: number;
}

/** All losses by name: a new one is a function and a line here. */
export const OBJECTIVES = {
  squared: () => squared,
  logistic: () => logistic,
  huber: ({ huberDelta }) => huber(huberDelta),
  quantile: ({ quantile: share }) => quantile(share),
} as const satisfies Readonly<Record<string, (params: ObjectiveParams) => ObjectiveFunction>>;

export type Objective = keyof typeof OBJECTIVES;

/** Builds the loss that `params` names. */
export function objectiveFunction(
  params: ObjectiveParams & { readonly objective: Objective },
): ObjectiveFunction {
  return OBJECTIVES[params.objective](params);
}

const weightAt = (data: LabelledRows, position: number) =>
  data.weight ? data.weight[data.rows[position]!]! : 1;

function meanOver(data: LabelledRows, at: (label: number, position: number) => number): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < data.rows.length; i++) {
    const weight = weightAt(data, i);
    sum += weight * at(data.label[data.rows[i]!]!, i);
    total += weight;
  }
  return sum / total;
}

/** Half the squared error: gradient score - y, hessian 1. */
const squared: ObjectiveFunction = {
  constantHessian: true,
  baseScore: (data) => meanOver(data, (label) => label),
  derivatives: (data, scores, gradient, hessian) =>
    residualDerivatives(data, scores, gradient, hessian, (residual) => residual),
  loss: (data, scores) => meanOver(data, (label, i) => 0.5 * (scores[i]! - label) ** 2),
};

function residualDerivatives(
  data: LabelledRows,
  scores: Float64Array,
  gradient: Float64Array,
  hessian: Float64Array,
  slope: (residual: number) => number,
): void {
  const { rows, label, weight } = data;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const own = weight ? weight[row]! : 1;
    gradient[i] = own * slope(scores[i]! - label[row]!);
    hessian[i] = own;
  }
}

/** Probabilities nearer to 0 or 1 than this give no finite start. */
const LEAST_PROBABILITY = 1e-15;

/** Cross entropy of a label in [0, 1] with p = sigmoid(score): gradient p - y, hessian p (1 - p). */
const logistic: ObjectiveFunction = {
  constantHessian: false,
  baseScore: (data) => {
    const mean = meanOver(data, (label) => label);
    const p = Math.min(Math.max(mean, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
    return Math.log(p / (1 - p));
  },
  derivatives: ({ rows, label, weight }, scores, gradient, hessian) => {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const own = weight ? weight[row]! : 1;
      const p = sigmoidOfScore(scores[i]!);
      gradient[i] = own * (p - label[row]!);
      hessian[i] = own * p * (1 - p);
    }
  },
  // log(1 + e^s) - y s, written so that a large |s| does not overflow.
  loss: (data, scores) =>
    meanOver(data, (label, i) => {
      const score = scores[i]!;
      return Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score))) - label * score;
    }),
};

/** Huber 1964: squared within `delta`, linear beyond; hessian 1 as in LightGBM. */
function huber(delta: number): ObjectiveFunction {
  return {
    constantHessian: true,
    baseScore: (data) => labelQuantile(data, 0.5),
    derivatives: (data, scores, gradient, hessian) =>
      residualDerivatives(data, scores, gradient, hessian, (residual) =>
        Math.min(Math.max(residual, -delta), delta),
      ),
    loss: (data, scores) =>
      meanOver(data, (label, i) => {
        const size = Math.abs(scores[i]! - label);
        return size <= delta ? 0.5 * size * size : delta * (size - 0.5 * delta);
      }),
  };
}

/** Pinball loss (Koenker & Bassett 1978); leaves are renewed to the quantile of their residuals. */
function quantile(alpha: number): ObjectiveFunction {
  return {
    constantHessian: true,
    baseScore: (data) => labelQuantile(data, alpha),
    derivatives: (data, scores, gradient, hessian) =>
      residualDerivatives(data, scores, gradient, hessian, (residual) =>
        residual >= 0 ? 1 - alpha : -alpha,
      ),
    loss: (data, scores) =>
      meanOver(data, (label, i) => {
        const residual = label - scores[i]!;
        return residual >= 0 ? alpha * residual : (alpha - 1) * residual;
      }),
    renewLeaf: (data, scores, positions) => {
      const residuals = Float64Array.from(positions, (i) => data.label[data.rows[i]!]! - scores[i]!);
      return weightedQuantile(
        residuals,
        data.weight && Float64Array.from(positions, (i) => weightAt(data, i)),
        alpha,
      );
    },
  };
}

function labelQuantile(data: LabelledRows, share: number): number {
  const labels = Float64Array.from(data.rows, (row) => data.label[row]!);
  return weightedQuantile(
    labels,
    data.weight && Float64Array.from(data.rows, (row) => data.weight![row]!),
    share,
  );
}
