import type { DatasetColumn } from './dataset.js';

/** Types whose values a double may round, because they hold more digits. */
const EXACT_TYPE = /^(U?(BIG|HUGE)INT|INT64|DECIMAL\b.*|(BIG)?NUMERIC\b.*)$/;
/** Whole numbers up to this size are doubles. */
const LARGEST_EXACT = 2 ** 53;

/**
 * How far apart doubles are at the largest values of a column of whole or decimal numbers that may lie between them;
 * undefined where all whole numbers of the column are doubles.
 */
export function gapBeyondDoubles({
  type,
  min,
  max,
}: Pick<DatasetColumn, 'type' | 'min' | 'max'>): number | undefined {
  const size = Math.max(Math.abs(min), Math.abs(max));
  if (!(size >= LARGEST_EXACT) || !EXACT_TYPE.test(type)) return undefined;
  return 2 ** (Math.floor(Math.log2(size)) - 52);
}
