@inline
function binOf(value: f32, bounds: usize, half: u32): u32 {
  let below: u32 = 0;
  for (let step = half; step > 0; step >>= 1) {
    below += value > load<f32>(bounds + (<usize>(below + step - 1) << 2)) ? step : 0;
  }
  return value == value ? below + 1 : 0;
}

/**
 * Writes the bin of every value: 0 for NaN, otherwise 1 + the number of bounds below the value.
 *
 * @param bounds ascending float32 bounds, padded with +Infinity to 2 * `half` entries
 * @param half half of that padded length, a power of two
 * @param out address of the first row's byte; rows are 8 bytes apart
 */
export function binColumn(values: usize, rows: u32, bounds: usize, half: u32, out: usize): void {
  for (let row: u32 = 0; row < rows; row++) {
    store<u8>(out + (<usize>row << 3), <u8>binOf(load<f32>(values + (<usize>row << 2)), bounds, half));
  }
}
