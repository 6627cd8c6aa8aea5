/** A column that knows the target. */
export interface Leak {
  /** Position in the candidates. */
  candidate: number;
  reason: string;
}

/**
 * Share of the target's (or its sign's) variance that no honest feature explains. The known part of an
 * overlapping target explains (W - H) / W, 67 % at window 45 and horizon 15.
 */
export const LEAK_SHARE = 0.9;

/** @returns a reason in words when the column predicts the target almost perfectly, else undefined */
export function leakReason(explained: number, explainedSign: number): string | undefined {
  const what = explained >= LEAK_SHARE ? 'variance' : explainedSign >= LEAK_SHARE ? 'sign' : undefined;
  if (what === undefined) return undefined;
  const share = what === 'variance' ? explained : explainedSign;
  return (
    `suspected leakage: the feature explains ${(100 * share).toFixed(1)} % of the target's ${what} ` +
    `(limit ${100 * LEAK_SHARE} %), so it holds future values; excluded from selection`
  );
}
