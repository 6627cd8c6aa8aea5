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

/** @returns why the feature must hold future values, else undefined */
export function leakReason(shares: readonly TargetShares[], targetWindow: number): string | undefined {
  const found = shares.flatMap(({ horizon, value, sign, unknown, unknownSign }) => {
    const known = overlapShare({ horizon, targetWindow });
    const target = `the target of h${horizon}`;
    return [
      { share: value, limit: limitBeyond(known), of: target },
      { share: sign, limit: limitBeyond((2 / Math.PI) * Math.asin(known)), of: `the sign of ${target}` },
      { share: unknown, limit: LEAK_SHARE, of: `the unknown part of ${target}` },
      { share: unknownSign, limit: LEAK_SHARE, of: `the sign of the unknown part of ${target}` },
    ].filter(({ share, limit }) => share >= limit);
  });
  const best = largest(found);
  return (
    best &&
    `suspected leakage: explains ${percent(best.share)} of ${best.of} (limit ${percent(best.limit)}): ` +
      'holds future values; refused for all horizons'
  );
}

/** @returns what makes a feature that is no proven leak too good to be believed, else undefined */
export function suspicionReason(shares: readonly TargetShares[]): string | undefined {
  const found = shares.flatMap(({ horizon, unknown, unknownSign }) => [
    { share: unknown, of: `the unknown part of the target of h${horizon}` },
    { share: unknownSign, of: `the sign of the unknown part of the target of h${horizon}` },
  ]);
  const best = largest(found);
  if (best === undefined || best.share < SUSPICIOUS_SHARE) return undefined;
  return `suspicious: explains ${percent(best.share)} of ${best.of} by itself, out of sample (limit ${percent(SUSPICIOUS_SHARE)})`;
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

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
