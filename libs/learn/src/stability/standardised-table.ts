import { standardisedLevels } from '../numeric/standardised-levels.js';

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
  representatives: Float64Array,
  counts: ArrayLike<number>,
  into: Int16Array,
): void {
  const levels = standardisedLevels(representatives.subarray(0, into.length), counts);
  into[0] = 0;
  for (let bin = 1; bin < into.length; bin++) {
    into[bin] = Math.max(-TABLE_LIMIT, Math.min(TABLE_LIMIT, Math.round(levels[bin]! * TABLE_SCALE)));
  }
}
