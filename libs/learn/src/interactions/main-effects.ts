import type { BinnedMatrix } from '../binning/binned-matrix.js';

/** Levels of a feature's values, besides the missing ones. */
const LEVELS = 8;
const SWEEPS = 2;
/** Features whose effects are taken out at most. */
export const MOST_MAIN_EFFECTS = 64;

export interface MainEffectsInput {
  readonly matrix: BinnedMatrix;
  /** Features whose own effects are taken out. */
  readonly columns: readonly number[];
  /** Rows with a target, ascending. */
  readonly rows: Uint32Array;
  /** By row number. */
  readonly target: Float64Array;
}

/**
 * What is left of a target when the effects of features one by one are taken out: means by levels of their values,
 * fitted in turn (backfitting, Hastie & Tibshirani 1990). An effect of a feature that is curved would else show as a
 * product of two features that are related to it.
 *
 * @returns by row number, NaN outside the rows
 */
export function withoutMainEffects({ matrix, columns, rows, target }: MainEffectsInput): Float64Array {
  const residual = Float64Array.from(rows, (row) => target[row]!);
  const levels = columns.slice(0, MOST_MAIN_EFFECTS).map((column) => levelsOf(matrix, column, rows));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const level of levels) takeMeans(residual, level);
  }
  const left = new Float64Array(target.length).fill(Number.NaN);
  rows.forEach((row, k) => {
    left[row] = residual[k]!;
  });
  return left;
}

/** The level of each of the rows. */
function levelsOf(matrix: BinnedMatrix, column: number, rows: Uint32Array): Uint8Array {
  const bins = matrix.readColumn(column);
  const counts = new Float64Array(matrix.bins);
  for (const row of rows) counts[bins[row]!]! += 1;
  const level = levelOfBin(counts, LEVELS);
  return Uint8Array.from(rows, (row) => level[bins[row]!]!);
}

/** Takes the mean of each level out of the values. */
export function takeMeans(values: Float64Array, level: Uint8Array): void {
  const sums = new Float64Array(256);
  const counts = new Float64Array(256);
  for (let k = 0; k < values.length; k++) {
    sums[level[k]!]! += values[k]!;
    counts[level[k]!]! += 1;
  }
  for (let k = 0; k < values.length; k++) values[k]! -= sums[level[k]!]! / counts[level[k]!]!;
}

/**
 * Groups bins into levels of (nearly) equally many rows, in order of value.
 *
 * @param counts rows by bin; bin 0 is "missing"
 * @returns level by bin: 0 for bin 0, else 1 to `levels`
 */
function levelOfBin(counts: ArrayLike<number>, levels: number): Uint8Array {
  const level = new Uint8Array(counts.length);
  let valued = 0;
  for (let bin = 1; bin < counts.length; bin++) valued += counts[bin]!;
  let below = 0;
  for (let bin = 1; bin < counts.length; bin++) {
    const middle = (below + counts[bin]! / 2) / Math.max(1, valued);
    level[bin] = 1 + Math.min(levels - 1, Math.floor(middle * levels));
    below += counts[bin]!;
  }
  return level;
}
