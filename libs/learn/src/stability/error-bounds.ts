import { LearnInputError } from '../errors/learn-input-error.js';
import { rConcaveTail } from './r-concave-tail.js';

/** Which assumption bounds the expected number of false selections. */
export type BoundKind = 'mb' | 'unimodal' | 'r-concave';

/** A stability selection: `pairs` complementary pairs (2 x pairs fits), each selecting at most q of p. */
export interface StabilityDesign {
  p: number;
  q: number;
  /** Selected when the frequency over all fits is at least this. */
  threshold: number;
  pairs: number;
}

/**
 * Bound on E[V], the expected number of falsely selected features.
 *
 * - `mb`: q^2 / (p (2 pi - 1)), Meinshausen & Buhlmann 2010 (doi 10.1111/j.1467-9868.2010.00740.x).
 * - `unimodal`: Shah & Samworth 2013 (doi 10.1111/j.1467-9868.2011.01034.x), theorem 2.
 * - `r-concave`: p min{1, D(theta^2, 2 pi - 1, B, -1/2), D(theta, pi, 2B, -1/4)}, same paper, eq. 8.
 *
 * All assume exchangeable rows; over overlapping bars the value is nominal.
 *
 * @throws LearnInputError when the threshold is at most q/p, or outside the range where the bound holds
 */
export function expectedFalseSelections(design: StabilityDesign, kind: BoundKind): number {
  checkDesign(design);
  const { p, q, threshold, pairs } = design;
  const theta = q / p;
  if (kind === 'mb') {
    if (threshold <= 0.5)
      throw new LearnInputError(`the mb bound needs a threshold above 0.5, got ${threshold}`);
    return (q * theta) / (2 * threshold - 1);
  }
  if (kind === 'unimodal') return (q * theta) / unimodalConstant(threshold, pairs, theta);
  return rConcaveBound(p, q, thresholdStep(threshold, pairs), pairs);
}

/** Bounds that were worked out already: the search for q asks for the same ones in every fold and horizon. */
const KNOWN = new Map<string, number>();
const MOST_KNOWN = 4096;

function rConcaveBound(p: number, q: number, step: number, pairs: number): number {
  const key = `${p} ${q} ${step} ${pairs}`;
  const known = KNOWN.get(key);
  if (known !== undefined) return known;
  const theta = q / p;
  const both = rConcaveTail(theta * theta, step - pairs, pairs, -1 / 2);
  const bound = p * Math.min(1, both, rConcaveTail(theta, step, 2 * pairs, -1 / 4));
  if (KNOWN.size >= MOST_KNOWN) KNOWN.clear();
  KNOWN.set(key, bound);
  return bound;
}

/** All three bounds; Infinity for one that does not hold at this threshold. */
export function allBounds(design: StabilityDesign): { mb: number; unimodal: number; rConcave: number } {
  checkDesign(design);
  const limits = unimodalLimits(design);
  return {
    mb: design.threshold > 0.5 ? expectedFalseSelections(design, 'mb') : Number.POSITIVE_INFINITY,
    unimodal:
      design.threshold >= limits ? expectedFalseSelections(design, 'unimodal') : Number.POSITIVE_INFINITY,
    rConcave: expectedFalseSelections(design, 'r-concave'),
  };
}

/** Whether the bound holds for the design and is at most `level`. */
export function keepsLevel(design: StabilityDesign, level: number, kind: BoundKind = 'unimodal'): boolean {
  if (design.threshold <= design.q / design.p) return false;
  if (kind === 'unimodal' && design.threshold < unimodalLimits(design)) return false;
  return expectedFalseSelections(design, kind) <= level;
}

/**
 * Largest q whose bound is at most `level`.
 *
 * @param level allowed E[V]
 * @throws LearnInputError when even q = 1 exceeds the level
 */
export function largestQ(
  design: Omit<StabilityDesign, 'q'>,
  level: number,
  kind: BoundKind = 'unimodal',
): number {
  if (!(level > 0)) throw new LearnInputError(`the level of E[V] must be above 0, got ${level}`);
  const holds = (q: number): boolean => keepsLevel({ ...design, q }, level, kind);
  if (!holds(1)) {
    throw new LearnInputError(
      `no q keeps E[V] <= ${level} with p = ${design.p}, threshold ${design.threshold}: raise the level or the threshold`,
    );
  }
  // Every bound grows with q, so the last q that holds is found by bisection.
  let low = 1;
  let high = design.p;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return holds(high) ? high : low;
}

/**
 * Smallest threshold on the grid of 1/(2 pairs) whose bound is at most `level`.
 *
 * @throws LearnInputError when no threshold up to 1 reaches the level
 */
export function smallestThreshold(
  design: Omit<StabilityDesign, 'threshold'>,
  level: number,
  kind: BoundKind = 'unimodal',
): number {
  const { p, q, pairs } = design;
  for (let step = 1; step <= 2 * pairs; step++) {
    const candidate = { ...design, threshold: step / (2 * pairs) };
    if (candidate.threshold <= q / p) continue;
    if (kind === 'mb' && candidate.threshold <= 0.5) continue;
    if (kind === 'unimodal' && candidate.threshold < unimodalLimits(candidate)) continue;
    if (expectedFalseSelections(candidate, kind) <= level) return candidate.threshold;
  }
  throw new LearnInputError(`no threshold keeps E[V] <= ${level} with p = ${p} and q = ${q}: lower q`);
}

/**
 * What can be selected of p candidates within `level`: the largest q at the wanted threshold. Where even q = 1 exceeds
 * it, because candidates are few, q = 1 at the smallest higher threshold that does not.
 *
 * @returns undefined when no threshold up to 1 keeps the level: of one candidate none can
 */
export function affordableDesign(
  wanted: Omit<StabilityDesign, 'q'>,
  level: number,
  kind: BoundKind = 'unimodal',
): { readonly q: number; readonly threshold: number } | undefined {
  const { threshold, pairs } = wanted;
  if (keepsLevel({ ...wanted, q: 1 }, level, kind)) return { q: largestQ(wanted, level, kind), threshold };
  for (let step = thresholdStep(threshold, pairs) + 1; step <= 2 * pairs; step++) {
    const raised = step / (2 * pairs);
    if (keepsLevel({ ...wanted, q: 1, threshold: raised }, level, kind)) return { q: 1, threshold: raised };
  }
  return undefined;
}

/** Number of fits out of 2 x pairs that reach the threshold (rounded up, tolerant of 0.6 x 100 = 60.00..1). */
export function thresholdStep(threshold: number, pairs: number): number {
  return Math.ceil(Number((threshold * 2 * pairs).toPrecision(10)));
}

/** The constant C in E[V] <= (q^2 / p) / C. */
function unimodalConstant(threshold: number, pairs: number, theta: number): number {
  const lowest = unimodalLimits({ p: 1, q: theta, threshold, pairs });
  if (threshold < lowest) {
    throw new LearnInputError(`the unimodal bound needs a threshold of at least ${lowest}, got ${threshold}`);
  }
  const half = 1 / (2 * pairs);
  return threshold <= 0.75 ? 2 * (2 * threshold - 1 - half) : (1 + 1 / pairs) / (4 * (1 - threshold + half));
}

/** Lowest threshold at which the unimodal bound can hold, however many candidates there are. */
export function leastThreshold(pairs: number): number {
  return 0.5 + 1 / pairs;
}

/** Lowest threshold at which the unimodal bound holds: above 1/2 + min(theta^2, 1/(2B) + 3 theta^2 / 4). */
function unimodalLimits({ p, q, pairs }: StabilityDesign): number {
  const square = (q / p) ** 2;
  const lowest = 0.5 + Math.min(square, 1 / (2 * pairs) + 0.75 * square);
  return Math.max(lowest, leastThreshold(pairs));
}

function checkDesign({ p, q, threshold, pairs }: StabilityDesign): void {
  if (!(Number.isInteger(p) && p >= 1)) throw new LearnInputError(`p must be a positive integer, got ${p}`);
  if (!(q > 0 && q <= p)) throw new LearnInputError(`q must be in (0, p = ${p}], got ${q}`);
  if (!(Number.isInteger(pairs) && pairs >= 2))
    throw new LearnInputError(`pairs must be at least 2, got ${pairs}`);
  if (!(threshold <= 1)) throw new LearnInputError(`the threshold must be at most 1, got ${threshold}`);
  if (threshold <= q / p) {
    throw new LearnInputError(
      `a threshold of ${threshold} is not above q/p = ${q / p}: chance alone would reach it; raise the threshold or lower q`,
    );
  }
}
