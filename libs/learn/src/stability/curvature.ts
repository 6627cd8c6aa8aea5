import { fScore } from './binned-f.js';
import { columnByColumn } from './column-scores.js';

/** What least squares of a target on a column's contrasts found; see assembly/target-bins/explain.ts. */
export interface CurvatureFit {
  /** Square of the target that the straight line explains. */
  line: number;
  /** Square that the contrasts explain beyond it. */
  curved: number;
  /** Contrasts that did. */
  contrasts: number;
  rows: number;
  sum: number;
  square: number;
  /** How many times larger dependence in time makes `curved`; 1 for independent rows. */
  inflation?: number;
}

/**
 * How unlikely the curved part of a column's effect is by chance, as a normal score: the partial F test of
 * the contrasts beyond the straight line.
 *
 * @returns -Infinity for a column without contrasts or a target without variance
 */
export function curvatureScore(fit: CurvatureFit): number {
  const { line, curved, contrasts, rows, sum, square, inflation = 1 } = fit;
  const freedom = rows - 2 - contrasts;
  const total = square - (sum * sum) / rows;
  if (contrasts < 1 || freedom < 1 || !(total > 0)) return Number.NEGATIVE_INFINITY;
  const left = total - line - curved;
  if (!(left > 0)) return Number.POSITIVE_INFINITY;
  return fScore(curved / contrasts / (left / freedom) / inflation, contrasts, freedom);
}

/** The partial F of curved contrasts: what a straight line leaves, one feature at a time. */
export const curvature = columnByColumn({
  doc: 'what a straight line leaves, feature by feature',
  inflation: ({ curved }) => curved,
  of: ({ line, curved, contrasts, moments: { rows, sum, square } }, j, inflation) =>
    curvatureScore({
      line: line[j]!,
      curved: curved[j]!,
      contrasts: contrasts[j]!,
      rows,
      sum,
      square,
      inflation,
    }),
});
