import type { BoosterParams } from './booster-params.js';
import type { GradientUnits } from './quantise-gradients.js';
import type { FoundSplit } from './tree-assembly.js';

/** What scoring needs to know of a leaf. */
export interface ScoredLeaf {
  readonly count: number;
  readonly gradient: number;
  readonly hessian: number;
  readonly lowest: number;
  readonly highest: number;
}

interface Bounds {
  readonly lowest: number;
  readonly highest: number;
}

/** Gains below this share of the parent's score are rounding noise. */
const NOISE = 1e-12;

/** Moves `gradient` towards 0 by l1, at most to 0. */
export function softThreshold(gradient: number, l1: number): number {
  return gradient - Math.min(Math.max(gradient, -l1), l1);
}

/**
 * Scores and outputs of leaves from quantised sums. The kernels compute in units of the quantised sums;
 * here the penalties are brought to those units, and results back: score in units of
 * gradientUnit^2 / hessianUnit, output in units of gradientUnit / hessianUnit.
 */
export class LeafScoring {
  /** Penalties in quantised units. */
  readonly l1: number;
  readonly l2: number;
  /** Loss (twice) of one unit of score. */
  readonly scoreUnit: number;
  readonly #outputUnit: number;

  constructor(
    readonly params: BoosterParams,
    readonly units: GradientUnits,
    readonly equalHessian: boolean,
    readonly constrained: boolean,
  ) {
    this.l1 = params.l1 / units.gradientUnit;
    this.l2 = params.l2 / units.hessianUnit;
    this.scoreUnit = units.gradientUnit ** 2 / units.hessianUnit;
    this.#outputUnit = units.gradientUnit / units.hessianUnit;
  }

  /** Least quantised hessian of a child: from the least hessian, and from the least rows at the leaf's mean hessian. */
  leastHessian({ hessian, count }: ScoredLeaf): number {
    const { minHessianInLeaf, minRowsInLeaf } = this.params;
    return Math.max(minHessianInLeaf / this.units.hessianUnit, (minRowsInLeaf * hessian) / count);
  }

  /** Score of the leaf unsplit. */
  ownScore(leaf: ScoredLeaf): number {
    const { gradient, hessian } = leaf;
    if (!this.constrained) return softThreshold(gradient, this.l1) ** 2 / (hessian + this.l2);
    const [lowest, highest] = this.quantisedBounds(leaf);
    const free = -softThreshold(gradient, this.l1) / (hessian + this.l2);
    const output = Math.min(Math.max(free, lowest), highest);
    return -(2 * gradient * output + (hessian + this.l2) * output * output + 2 * this.l1 * Math.abs(output));
  }

  /** The children's score above which a split is worth making. */
  scoreToBeat(leaf: ScoredLeaf): number {
    const own = this.ownScore(leaf);
    return own + this.params.minGain / this.scoreUnit + NOISE * (1 + Math.abs(own));
  }

  /** Gain in units of the loss (twice). */
  gain(leaf: ScoredLeaf, childScore: number): number {
    return (childScore - this.ownScore(leaf)) * this.scoreUnit;
  }

  /** Score of the two leaves that an unconstrained split makes. */
  childrenScore(leaf: ScoredLeaf, { leftGradient, leftHessian }: FoundSplit): number {
    const right =
      softThreshold(leaf.gradient - leftGradient, this.l1) ** 2 / (leaf.hessian - leftHessian + this.l2);
    return softThreshold(leftGradient, this.l1) ** 2 / (leftHessian + this.l2) + right;
  }

  quantisedBounds({ lowest, highest }: Bounds): [number, number] {
    return [lowest / this.#outputUnit, highest / this.#outputUnit];
  }

  /** Bounds of the children's outputs: beyond a monotone split neither side may pass the middle between both. */
  childBounds(leaf: ScoredLeaf, split: FoundSplit, direction: number): { left: Bounds; right: Bounds } {
    const { lowest, highest } = leaf;
    if (direction === 0) return { left: { lowest, highest }, right: { lowest, highest } };
    const left = this.#output(split.leftGradient, split.leftHessian, leaf);
    const right = this.#output(leaf.gradient - split.leftGradient, leaf.hessian - split.leftHessian, leaf);
    const middle = 0.5 * (left + right);
    const below = { lowest, highest: middle };
    const above = { lowest: middle, highest };
    return direction > 0 ? { left: below, right: above } : { left: above, right: below };
  }

  #output(gradient: number, hessian: number, { lowest, highest }: Bounds): number {
    const free = (-softThreshold(gradient, this.l1) / (hessian + this.l2)) * this.#outputUnit;
    return Math.min(Math.max(free, lowest), highest);
  }
}
