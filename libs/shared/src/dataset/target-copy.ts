/** A column must agree with a target in at least this many rows before it counts as its copy. */
const MIN_ROWS_COMPARED = 20;

/**
 * Horizon of the target that a column repeats exactly: in every row where both are present the float32
 * values are equal, and they are not all the same. Such a column holds the future.
 *
 * @param values the column as stored
 * @param targets targets by horizon, rounded to float32
 * @returns the horizon, or null when the column repeats no target
 */
export function repeatedTarget(
  values: Float32Array,
  targets: ReadonlyMap<number, Float32Array>,
): number | null {
  for (const [horizon, target] of targets) if (repeats(values, target)) return horizon;
  return null;
}

function repeats(values: Float32Array, target: Float32Array): boolean {
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
