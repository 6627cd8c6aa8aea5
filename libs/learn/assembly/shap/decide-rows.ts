/**
 * What one node decides for the listed rows: 255 left, 0 right.
 *
 * @param block bins in groups of 8 columns, `stride` rows a group
 * @param rows uint32 rows, `count` of them
 * @param out one byte a row
 */
export function decideRows(block: usize, stride: u32, slot: u32, threshold: u32, missingLeft: u32, rows: usize, count: u32, out: usize): void {
  const column = block + ((<usize>(slot >> 3) * stride) << 3) + (slot & 7);
  for (let i: u32 = 0; i < count; i++) {
    const bin = <u32>load<u8>(column + (<usize>load<u32>(rows + (<usize>i << 2)) << 3));
    const left = bin == 0 ? missingLeft : <u32>(bin <= threshold);
    store<u8>(out + i, <u8>-<i32>left);
  }
}
