/**
 * Groups bins into levels of (nearly) equally many rows, in order of value.
 *
 * @param counts rows by bin; bin 0 is "missing"
 * @returns level by bin: 0 for bin 0, else 1 to `levels`
 */
export function levelOfBin(counts: ArrayLike<number>, levels: number): Uint8Array {
  const level = new Uint8Array(counts.length);
  let valued = 0;
  for (let bin = 1; bin < counts.length; bin++) valued += counts[bin]!;
  let below = 0;
  for (let bin = 1; bin < counts.length; bin++) {
    const middle = (below + counts[bin]! / 2) / Math.max(1, valued);
    level[bin] = 1 + Math.min(levels - 1, Math.floor(middle * levels));
    below += counts[bin]!;
  }
  return level;
}
