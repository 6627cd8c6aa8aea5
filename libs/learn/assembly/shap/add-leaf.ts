/**
 * Adds one leaf's contributions to a block of rows.
 *
 * @param decisions bytes by node and row, `stride` bytes a node: 255 left, 0 right
 * @param count rows, a multiple of 16 (pad the block)
 * @param conditions uint32 triples: node, 255 when the path goes left there (else 0), bit of its feature
 * @param k distinct features of the path, 1 to 8
 * @param table f64 [k][2^k], see fillLeafTable
 * @param outputs uint32 addresses of k f64 columns to add to
 * @param masks scratch of `count` bytes
 */
export function addLeaf(decisions: usize, stride: u32, count: u32, conditions: usize, conditionCount: u32, k: u32, table: usize, outputs: usize, masks: usize): void {
  memory.fill(masks, <u8>((<u32>1 << k) - 1), count);
  for (let i: u32 = 0; i < conditionCount; i++) {
    const condition = conditions + <usize>i * 12;
    const node = decisions + <usize>load<u32>(condition) * stride;
    const side = i8x16.splat(<i8>load<u32>(condition, 4));
    const bit = i8x16.splat(<i8>load<u32>(condition, 8));
    for (let row: u32 = 0; row < count; row += 16) {
      const disagrees = v128.xor(v128.load(node + row), side);
      v128.store(masks + row, v128.andnot(v128.load(masks + row), v128.and(bit, disagrees)));
    }
  }
  for (let j: u32 = 0; j < k; j++) {
    const entries = table + (<usize>(j << k) << 3);
    const output = <usize>load<u32>(outputs + (<usize>j << 2));
    for (let row: u32 = 0; row < count; row += 2) {
      const out = output + (<usize>row << 3);
      const masksOfTwo = <u32>load<u16>(masks + row);
      const first = v128.load64_splat(entries + (<usize>(masksOfTwo & 255) << 3));
      const both = v128.load64_lane(entries + (<usize>(masksOfTwo >> 8) << 3), first, 1);
      v128.store(out, f64x2.add(v128.load(out), both));
    }
  }
}
