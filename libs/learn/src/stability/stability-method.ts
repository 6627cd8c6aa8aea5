import type { Inflation } from './inflation.js';

/**
 * What a fit of stability selection selects by: the first variables to enter an elastic-net path (straight
 * effects, jointly); the partial F of curved contrasts (what a straight line leaves, one feature at a time); one-way
 * F over all bins (any shape, one feature at a time); the gain in boosted stumps (steps, jointly).
 */
export type StabilityMethod = 'elastic-net' | 'curvature' | 'binned-f' | 'stumps';

export const STABILITY_METHODS: readonly StabilityMethod[] = [
  'elastic-net',
  'curvature',
  'binned-f',
  'stumps',
];

/** Measured to find more planted features than any other two, and not fewer than with a third beside them. */
export const DEFAULT_STABILITY_METHODS: readonly StabilityMethod[] = ['elastic-net', 'curvature'];

/** By Gram position: how much wider dependence in time makes what the method looks at. */
export function inflationOf(method: StabilityMethod, inflation: Inflation): Float64Array {
  if (method === 'curvature') return inflation.curved;
  return method === 'binned-f' ? inflation.binned : inflation.linear;
}
