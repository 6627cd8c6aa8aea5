import { columnByColumn } from './column-scores.js';

/** What one-way analysis of variance of a target over bins needs. */
export interface OneWay {
  /** Sum over bins of (sum of the target)^2 / rows. */
  binSquares: number;
  /** Bins with rows. */
  bins: number;
  rows: number;
  sum: number;
  square: number;
  /** How many times larger dependence in time makes the variance between bins; 1 for independent rows. */
  inflation?: number;
}

/**
 * An F statistic as a normal score, by Paulson's cube-root approximation (Paulson 1942,
 * doi 10.1214/aoms/1177731608), so that tests of different degrees of freedom can be compared.
 */
export function fScore(f: number, d1: number, d2: number): number {
  const root = Math.cbrt(f);
  const v1 = 2 / (9 * d1);
  const v2 = 2 / (9 * d2);
  return ((1 - v2) * root - (1 - v1)) / Math.sqrt(v2 * root * root + v1);
}

/**
 * How unlikely the one-way F statistic of a target over bins is by chance, as a normal score, so that
 * columns with few and with many bins can be compared: F with d1 = bins - 1 and d2 = rows - bins degrees of
 * freedom.
 *
 * @returns -Infinity for fewer than two bins or a target without variance
 */
export function oneWayScore({ binSquares, bins, rows, sum, square, inflation = 1 }: OneWay): number {
  const d1 = bins - 1;
  const d2 = rows - bins;
  if (d1 < 1 || d2 < 1) return Number.NEGATIVE_INFINITY;
  const centre = (sum * sum) / rows;
  const between = Math.max(0, binSquares - centre);
  const within = square - centre - between;
  if (!(square > centre)) return Number.NEGATIVE_INFINITY;
  if (!(within > 0)) return Number.POSITIVE_INFINITY;
  return fScore(between / d1 / (within / d2) / inflation, d1, d2);
}

/** One-way F over all bins: any shape, one feature at a time. */
export const binnedF = columnByColumn({
  doc: 'any shape, feature by feature',
  inflation: ({ binned }) => binned,
  of: ({ binSquares, bins, moments: { rows, sum, square } }, j, inflation) =>
    oneWayScore({ binSquares: binSquares[j]!, bins: bins[j]!, rows, sum, square, inflation }),
});
