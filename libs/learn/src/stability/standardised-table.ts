/** Table value of one standard deviation. */
export const TABLE_SCALE = 256;
/** 8 standard deviations: the largest value whose products over 512 rows fit 32 bits. */
export const TABLE_LIMIT = 2047;

/**
 * The int16 value of every bin: its representative standardised over the counted rows, in 1/256 standard
 * deviations, limited to 8 of them. Missing rows (bin 0) and bins without representative get 0, the mean.
 *
 * @param representatives by bin, NaN where there is none
 * @param counts rows by bin
 * @returns all zeros for a column without variance
 */
export function standardisedTable(
  representatives: Float32Array,
  counts: ArrayLike<number>,
  into: Int16Array,
): void {
  let rows = 0;
  let mean = 0;
  for (let bin = 1; bin < into.length; bin++) {
    const value = representatives[bin]!;
    const count = counts[bin]!;
    if (count === 0 || Number.isNaN(value)) continue;
    rows += count;
    mean += ((value - mean) * count) / rows;
  }
  let square = 0;
  for (let bin = 1; bin < into.length; bin++) {
    const value = representatives[bin]!;
    if (counts[bin]! > 0 && !Number.isNaN(value)) square += counts[bin]! * (value - mean) ** 2;
  }
  into.fill(0);
  const deviation = Math.sqrt(square / rows);
  if (!(deviation > Math.abs(mean) * 1e-6)) return;
  for (let bin = 1; bin < into.length; bin++) {
    const value = representatives[bin]!;
    if (Number.isNaN(value)) continue;
    const scaled = Math.round(((value - mean) / deviation) * TABLE_SCALE);
    into[bin] = Math.max(-TABLE_LIMIT, Math.min(TABLE_LIMIT, scaled));
  }
}
