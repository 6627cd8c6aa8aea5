import { createBooster } from '../boosting/create-booster.js';
import { CancelledError } from '../errors/cancelled-error.js';
import { forEachInteraction } from '../shap/interaction-shap.js';
import { type ModelContext, retainedMatrix } from '../training/model-context.js';
import type { AdditiveOutput } from './additive-output.js';

/** How much two features do together in an output, beyond what each does alone. */
export interface InteractionSize {
  /** Columns of the matrix of retained features. */
  readonly columns: readonly [number, number];
  /** Mean |phi_ij + phi_ji| over the rows. */
  readonly meanAbs: number;
}

/**
 * Exact path-dependent SHAP interaction values (see shapInteractions) of all pairs of the given columns in an output.
 * Linear models and the known part have none, so they are the scaled sum of the boosters'.
 *
 * @returns pairs with any interaction, the largest first
 * @throws CancelledError when asked to stop
 */
export function interactionSizes(
  context: Pick<ModelContext, 'matrix' | 'isCancelled'>,
  output: AdditiveOutput,
  columns: readonly number[],
  rows: Uint32Array,
): InteractionSize[] {
  const matrix = retainedMatrix(context);
  const width = columns.length;
  const place = new Map(columns.map((column, k) => [column, k]));
  // By pair, first place before second, then row.
  const sums = new Float64Array(width * width * rows.length);
  for (const { booster, scale } of output.boosters) {
    if (context.isCancelled()) throw new CancelledError('explaining interactions');
    if (scale === 0) continue;
    const wanted = (column: number) => place.has(column);
    forEachInteraction(createBooster(booster), matrix, rows, wanted, (position, i, j, share) => {
      const [first, second] = [place.get(i)!, place.get(j)!].sort((a, b) => a - b) as [number, number];
      sums[(first * width + second) * rows.length + position]! += 2 * scale * share;
    });
  }
  const sizes: InteractionSize[] = [];
  for (let i = 0; i < width; i++) {
    for (let j = i + 1; j < width; j++) {
      const start = (i * width + j) * rows.length;
      const total = sums
        .subarray(start, start + rows.length)
        .reduce((sum, value) => sum + Math.abs(value), 0);
      if (total > 0) sizes.push({ columns: [columns[i]!, columns[j]!], meanAbs: total / rows.length });
    }
  }
  return sizes.sort((a, b) => b.meanAbs - a.meanAbs);
}
