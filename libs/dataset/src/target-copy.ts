import type { FeatureValues } from './feature-values.js';
import type { HorizonTargets } from './shifted-pairs.js';

/** A column must agree with a target in at least this many rows before it counts as its copy. */
const MIN_ROWS_COMPARED = 20;

/** Finds columns that repeat a target, which is the future. */
export class TargetCopies {
  readonly #targets: { horizon: number; double: Float64Array; single: Float32Array }[];

  /** @param targets NaN where unknown */
  constructor(targets: HorizonTargets) {
    this.#targets = targets.map(({ horizon, values }) => ({
      horizon,
      double: values,
      single: Float32Array.from(values),
    }));
  }

  /**
   * Horizon of the target that a column repeats exactly: in every row where both are present the values are equal in
   * the precision of the column, and they are not all the same. Null when it repeats none.
   *
   * @param values the column as stored
   */
  repeated(values: FeatureValues): number | null {
    for (const { horizon, double, single } of this.#targets) {
      if (repeats(values, values instanceof Float32Array ? single : double)) return horizon;
    }
    return null;
  }
}

function repeats(values: FeatureValues, target: FeatureValues): boolean {
  let compared = 0;
  let first = Number.NaN;
  let varies = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const other = target[i]!;
    if (Number.isNaN(value) || Number.isNaN(other)) continue;
    if (value !== other) return false;
    if (compared++ === 0) first = value;
    else varies ||= value !== first;
  }
  return varies && compared >= MIN_ROWS_COMPARED;
}
