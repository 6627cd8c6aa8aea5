/** Values further from the mean than this count as so far: in standard deviations. */
export const MOST_DEVIATIONS = 8;

/** Each round brings what lies too far out at least a little nearer, a single row in 20,000 17 times. */
const MOST_ROUNDS = 300;
/** Beyond {@link MOST_DEVIATIONS} by less than this share is near enough. */
const SLACK = 1e-6;

/**
 * Levels of a feature in standard deviations from their mean, at most {@link MOST_DEVIATIONS}. Levels further out count
 * with that distance in mean and deviation too, as long as the others differ: a few that are wild do not make all others
 * one (winsorised moments, iterated). Any scale and offset of the levels that keeps them apart gives the same result.
 *
 * @param levels by bin, NaN where there is none
 * @param counts rows by bin; a level without rows has a result but no part in mean and deviation
 * @returns by bin; 0 where there is no level, and everywhere when all rows have the same
 */
export function standardisedLevels(levels: ArrayLike<number>, counts: ArrayLike<number>): Float64Array {
  const values = placedLevels(levels, counts);
  let { mean, deviation } = momentsOf(values, counts);
  for (let round = 0; round < MOST_ROUNDS && deviation > 0; round++) {
    const reach = MOST_DEVIATIONS * deviation;
    const isFar = (value: number): boolean => Math.abs(value - mean) > reach * (1 + SLACK);
    const counted = values.filter((value, bin) => counts[bin]! > 0 && !Number.isNaN(value));
    if (!counted.some(isFar) || new Set(counted.filter((value) => !isFar(value))).size < 2) break;
    for (let bin = 0; bin < values.length; bin++) {
      if (isFar(values[bin]!)) values[bin] = mean + Math.sign(values[bin]! - mean) * reach;
    }
    ({ mean, deviation } = momentsOf(values, counts));
  }
  return values.map((value) => {
    const score = (value - mean) / deviation;
    return Number.isFinite(score) ? Math.max(-MOST_DEVIATIONS, Math.min(MOST_DEVIATIONS, score)) : 0;
  });
}

/** Halved, so that no difference is beyond a double, and counted from the level of most rows, so that close ones differ. */
function placedLevels(levels: ArrayLike<number>, counts: ArrayLike<number>): Float64Array {
  let commonest = -1;
  for (let bin = 0; bin < levels.length; bin++) {
    if (Number.isNaN(levels[bin]!) || counts[bin] === 0) continue;
    if (commonest < 0 || counts[bin]! > counts[commonest]!) commonest = bin;
  }
  const anchor = commonest < 0 ? 0 : levels[commonest]! / 2;
  return Float64Array.from(levels, (level) => level / 2 - anchor);
}

function momentsOf(values: Float64Array, counts: ArrayLike<number>): { mean: number; deviation: number } {
  let unit = 0;
  for (let bin = 0; bin < values.length; bin++) {
    if (counts[bin]! > 0 && Math.abs(values[bin]!) > unit) unit = Math.abs(values[bin]!);
  }
  if (unit === 0) return { mean: 0, deviation: 0 };
  let rows = 0;
  let mean = 0;
  for (let bin = 0; bin < values.length; bin++) {
    if (counts[bin] === 0 || Number.isNaN(values[bin]!)) continue;
    rows += counts[bin]!;
    mean += ((values[bin]! / unit - mean) * counts[bin]!) / rows;
  }
  let square = 0;
  for (let bin = 0; bin < values.length; bin++) {
    if (counts[bin] === 0 || Number.isNaN(values[bin]!)) continue;
    square += counts[bin]! * (values[bin]! / unit - mean) ** 2;
  }
  return { mean: mean * unit, deviation: Math.sqrt(square / rows) * unit };
}
