import { LEVELS } from './value-levels.js';

/** Sweeps at most; two features that are not near duplicates need far fewer. */
const MOST_SWEEPS = 60;
/** Largest change of an effect, relative to the largest effect, that still counts as one. */
const TOLERANCE = 1e-7;

/**
 * What is left of a two-way table of sums when the best additive surface, effect of the row level plus effect
 * of the column level, is taken out: least squares by backfitting (Gauss-Seidel on the normal equations).
 * Row and column sums of the result are zero.
 *
 * @param sums of the target by cell, LEVELS x LEVELS; overwritten with the residual sums
 * @param counts rows by cell
 */
export function takeAdditivePart(sums: Float64Array, counts: Float64Array): void {
  const first = new Float64Array(LEVELS);
  const second = new Float64Array(LEVELS);
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    const change = Math.max(
      updateEffects(first, second, { sums, counts, step: LEVELS, across: 1 }),
      updateEffects(second, first, { sums, counts, step: 1, across: LEVELS }),
    );
    if (change <= TOLERANCE * largest(first, second)) break;
  }
  for (let u = 0; u < LEVELS; u++) {
    for (let v = 0; v < LEVELS; v++) {
      const cell = u * LEVELS + v;
      sums[cell]! -= counts[cell]! * (first[u]! + second[v]!);
    }
  }
}

interface Table {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
  /** Cells from one of our levels to the next, and from one of the other feature's to the next. */
  readonly step: number;
  readonly across: number;
}

/** Best effects of one feature given the other's; returns the largest change. */
function updateEffects(own: Float64Array, other: Float64Array, table: Table): number {
  const { sums, counts, step, across } = table;
  let change = 0;
  for (let u = 0; u < LEVELS; u++) {
    let sum = 0;
    let rows = 0;
    for (let v = 0; v < LEVELS; v++) {
      const cell = u * step + v * across;
      sum += sums[cell]! - counts[cell]! * other[v]!;
      rows += counts[cell]!;
    }
    const effect = rows > 0 ? sum / rows : 0;
    change = Math.max(change, Math.abs(effect - own[u]!));
    own[u] = effect;
  }
  return change;
}

function largest(...effects: readonly Float64Array[]): number {
  return effects.reduce((most, values) => values.reduce((m, value) => Math.max(m, Math.abs(value)), most), 0);
}
