@inline
function binAll<F>(values: usize, rows: u32, bounds: usize, half: u32, out: usize): void {
  for (let row: u32 = 0; row < rows; row++) {
    const value = load<F>(values + <usize>row * sizeof<F>());
    let below: u32 = 0;
    for (let step = half; step > 0; step >>= 1) {
      below += value > load<F>(bounds + <usize>(below + step - 1) * sizeof<F>()) ? step : 0;
    }
    store<u8>(out + ((<usize>row) << 3), <u8>(value == value ? below + 1 : 0));
  }
}

/**
 * Writes the bin of every value: 0 for NaN, otherwise 1 + the number of bounds below the value.
 *
 * @param bounds ascending float32 bounds, padded with +Infinity to 2 * `half` entries
 * @param half half of that padded length, a power of two
 * @param out address of the first row's byte; rows are 8 bytes apart
 */
export function binColumn(values: usize, rows: u32, bounds: usize, half: u32, out: usize): void {
  binAll<f32>(values, rows, bounds, half, out);
}

/** The same for values and bounds of float64. */
export function binDoubles(values: usize, rows: u32, bounds: usize, half: u32, out: usize): void {
  binAll<f64>(values, rows, bounds, half, out);
}
