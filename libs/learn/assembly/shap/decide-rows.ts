/**
 * Copies a column's bins of the listed rows together.
 *
 * @param block bins in groups of 8 columns, `stride` rows a group
 * @param rows uint32 rows, `count` of them
 * @param out one byte a row
 */
export function gatherBins(block: usize, stride: u32, slot: u32, rows: usize, count: u32, out: usize): void {
  const column = block + ((<usize>(slot >> 3) * stride) << 3) + (slot & 7);
  for (let i: u32 = 0; i < count; i++) {
    store<u8>(out + i, load<u8>(column + ((<usize>load<u32>(rows + ((<usize>i) << 2))) << 3)));
  }
}

/**
 * What one node decides for rows whose bins lie together: 255 left, 0 right.
 *
 * @param bins one byte a row, 0 where missing
 * @param count rows, a multiple of 16 (pad the block)
 * @param threshold rows with a bin <= this one go left, at least 1
 * @param out one byte a row
 */
export function decideRows(bins: usize, count: u32, threshold: u32, missingLeft: u32, out: usize): void {
  // Where missing values go right they count as the highest of all bins: 0 - 1 wraps to 255.
  const shift = i8x16.splat(missingLeft ? 0 : 1);
  const limit = i8x16.splat(<i8>(missingLeft ? threshold : threshold - 1));
  for (let row: u32 = 0; row < count; row += 16) {
    const bin = i8x16.sub(v128.load(bins + row), shift);
    v128.store(out + row, i8x16.eq(i8x16.min_u(bin, limit), bin));
  }
}
