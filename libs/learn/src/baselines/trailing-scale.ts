/** Decay of the trailing scale, in target windows: several windows, short against a day's change of volatility. */
const DECAY_WINDOWS = 4;

/**
 * Root mean square of persistence over the rows up to and including each row, older rows counting
 * exp(-age / (4 windows)) with age in bars: how much prices have moved lately, known at the row.
 * NaN until the first finite value.
 */
export function trailingScale(
  persistence: Float64Array,
  bar: Int32Array,
  targetWindow: number,
): Float64Array {
  const scale = new Float64Array(persistence.length);
  let squares = 0;
  let weight = 0;
  for (let row = 0; row < persistence.length; row++) {
    const decay = row === 0 ? 1 : Math.exp(-(bar[row]! - bar[row - 1]!) / (DECAY_WINDOWS * targetWindow));
    squares *= decay;
    weight *= decay;
    const value = persistence[row]!;
    if (Number.isFinite(value)) {
      squares += value * value;
      weight += 1;
    }
    scale[row] = Math.sqrt(squares / weight);
  }
  return scale;
}
