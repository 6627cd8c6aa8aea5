/** Levels of a feature's values in a two-way table; missing values are level 0 of their own. */
export const VALUE_LEVELS = 4;
/** Levels with the missing one. */
export const LEVELS = VALUE_LEVELS + 1;

/**
 * Groups bins into levels of (nearly) equally many rows, in order of value.
 *
 * @param counts rows by bin; bin 0 is "missing"
 * @returns level by bin: 0 for bin 0, else 1 to VALUE_LEVELS
 */
export function levelOfBin(counts: ArrayLike<number>): Uint8Array {
  const levels = new Uint8Array(counts.length);
  let valued = 0;
  for (let bin = 1; bin < counts.length; bin++) valued += counts[bin]!;
  let below = 0;
  for (let bin = 1; bin < counts.length; bin++) {
    const middle = (below + counts[bin]! / 2) / Math.max(1, valued);
    levels[bin] = 1 + Math.min(VALUE_LEVELS - 1, Math.floor(middle * VALUE_LEVELS));
    below += counts[bin]!;
  }
  return levels;
}
