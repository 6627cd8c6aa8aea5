import { LearnInputError } from '../errors/learn-input-error.js';
import type { LabelGeometry } from './label-span.js';
import { rowsBefore } from './purge.js';

export interface InnerSplit {
  readonly fit: Uint32Array;
  readonly validation: Uint32Array;
}

/**
 * Splits training rows once more in time: the last `share` decides early stopping and penalties, what
 * comes before is purged by label end and fitted.
 *
 * @throws LearnInputError when either part would be empty
 */
export function innerSplit(
  rows: Uint32Array,
  bar: Int32Array,
  geometry: LabelGeometry,
  share: number,
): InnerSplit {
  const start = Math.floor(rows.length * (1 - share));
  const validation = rows.slice(start);
  const fit =
    validation.length > 0
      ? rowsBefore({ rows: rows.slice(0, start), bar, geometry, first: validation[0]! })
      : new Uint32Array(0);
  if (fit.length === 0) {
    throw new LearnInputError(
      `${rows.length} training rows are too few for horizon ${geometry.horizon} and window ${geometry.targetWindow}`,
    );
  }
  return { fit, validation };
}
