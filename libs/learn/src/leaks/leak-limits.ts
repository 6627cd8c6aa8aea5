import type { LabelGeometry } from '../splits/label-span.js';

/** What one feature says by itself of one target, as shares of variance explained out of sample. */
export interface TargetShares {
  readonly horizon: number;
  /** Of the target and of its sign. */
  readonly value: number;
  readonly sign: number;
  /** Of the part that is not known at the row, beside the known part, and of its sign; 0 where that is not in the data. */
  readonly unknown: number;
  readonly unknownSign: number;
}

/**
 * Share that makes a leak. Where target and past overlap, the limit is half of what the past leaves, if that is more:
 * at window 360 and horizon 15 the past alone explains 96 %.
 */
const LEAK_SHARE = 0.9;

/**
 * Share of the unknown part, or of its sign, that one feature alone does not explain honestly. For a 0/1 feature it is
 * an AUC of 0.75, for a normal one about 0.73.
 */
export const SUSPICIOUS_SHARE = 0.25;

/** What a feature explains of a target, and from which share on that is too much. */
export type ExplainedPart = {
  readonly part: 'target' | 'sign' | 'unknown' | 'unknown_sign';
  readonly horizon: number;
  readonly share: number;
  readonly limit: number;
};

export interface LeakReason {
  readonly code: 'leak';
  readonly facts: ExplainedPart;
}

export interface ShareSuspicion {
  readonly code: 'suspicious_share';
  readonly facts: ExplainedPart;
}

/** @returns why the feature must hold future values, else undefined */
export function leakReason(shares: readonly TargetShares[], targetWindow: number): LeakReason | undefined {
  const found = shares.flatMap(({ horizon, value, sign, unknown, unknownSign }): ExplainedPart[] => {
    const known = overlapShare({ horizon, targetWindow });
    const ofSign = limitBeyond((2 / Math.PI) * Math.asin(known));
    const parts: ExplainedPart[] = [
      { part: 'target', horizon, share: value, limit: limitBeyond(known) },
      { part: 'sign', horizon, share: sign, limit: ofSign },
      { part: 'unknown', horizon, share: unknown, limit: LEAK_SHARE },
      { part: 'unknown_sign', horizon, share: unknownSign, limit: LEAK_SHARE },
    ];
    return parts.filter(({ share, limit }) => share >= limit);
  });
  const best = largest(found);
  return best && { code: 'leak', facts: best };
}

/** @returns what makes a feature that is no proven leak too good to be believed, else undefined */
export function suspicionReason(shares: readonly TargetShares[]): ShareSuspicion | undefined {
  const limit = SUSPICIOUS_SHARE;
  const found = shares.flatMap(({ horizon, unknown, unknownSign }): ExplainedPart[] => [
    { part: 'unknown', horizon, share: unknown, limit },
    { part: 'unknown_sign', horizon, share: unknownSign, limit },
  ]);
  const best = largest(found);
  return best === undefined || best.share < limit ? undefined : { code: 'suspicious_share', facts: best };
}

/** Share of the target's variance that is known at the row, on a random walk: (W - H) / W. */
function overlapShare({ horizon, targetWindow }: LabelGeometry): number {
  return Math.max(0, targetWindow - horizon) / targetWindow;
}

/** @param honest share that the past explains; of the sign it is E[sign sign'] of two futures of one past, (2 / pi) asin */
function limitBeyond(honest: number): number {
  return Math.max(LEAK_SHARE, (1 + honest) / 2);
}

function largest<T extends { share: number }>(found: readonly T[]): T | undefined {
  return found.reduce<T | undefined>(
    (best, one) => (best && best.share >= one.share ? best : one),
    undefined,
  );
}
