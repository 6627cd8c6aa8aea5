import { binnedF } from './binned-f.js';
import { curvature } from './curvature.js';
import { elasticNet } from './elastic-net.js';
import type { Method } from './stability-method.js';
import { stumps } from './stumps.js';

/** All that a fit of stability selection can select by: a new method is its own file and a line here. */
export const STABILITY_METHODS = {
  'elastic-net': elasticNet,
  curvature,
  'binned-f': binnedF,
  stumps,
} as const satisfies Readonly<Record<string, Method>>;

export type StabilityMethod = keyof typeof STABILITY_METHODS;

export const STABILITY_METHOD_NAMES = Object.keys(STABILITY_METHODS) as readonly StabilityMethod[];

/** Measured to find more planted features than any other two, and not fewer than with a third beside them. */
export const DEFAULT_STABILITY_METHODS: readonly StabilityMethod[] = ['elastic-net', 'curvature'];
