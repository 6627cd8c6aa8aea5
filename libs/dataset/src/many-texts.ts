import type { FeatureValues } from './feature-values.js';
import { MAX_ORDINAL_TEXTS } from './judge-columns.js';

/**
 * The least sample that is sure to hold more than {@link MAX_ORDINAL_TEXTS} texts of a column which holds more in all
 * rows: samples are nested, so every larger one does too.
 *
 * @param codes by row; a code may stand for several texts, never a text for several codes, NaN = missing
 * @param order rows in the order in which samples take them up; without one only all rows are sure to
 */
export function manyTextsFrom(codes: FeatureValues, order: Int32Array | undefined): number {
  const seen = new Set<number>();
  for (let taken = 0; order !== undefined && taken < order.length; taken++) {
    const code = codes[order[taken]!]!;
    if (Number.isNaN(code)) continue;
    seen.add(code);
    if (seen.size > MAX_ORDINAL_TEXTS) return taken + 1;
  }
  return codes.length;
}
