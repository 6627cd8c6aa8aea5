import type { LabelGeometry } from '../splits/label-span.js';

/**
 * Share of right sign calls that the already-known part of the target reaches on a pure random walk:
 * 1/2 + asin(r) / pi with r = sqrt(overlap / window), the correlation of a sum of `window` independent
 * steps with the sum of the `overlap` known ones (Sheppard 1899, sign agreement of two normals).
 */
export function overlapRate({ horizon, targetWindow }: LabelGeometry): number {
  const share = Math.max(0, targetWindow - horizon) / targetWindow;
  return 0.5 + Math.asin(Math.sqrt(share)) / Math.PI;
}

/** Same for persistence, the sign of the window's change at t: correlation overlap / window. */
export function persistenceRate({ horizon, targetWindow }: LabelGeometry): number {
  const share = Math.max(0, targetWindow - horizon) / targetWindow;
  return 0.5 + Math.asin(share) / Math.PI;
}
