/** Words of a group's description: conditions, their number, bits, table, outputs, their number (uint32). */
const GROUP: usize = 24;
/** Words of a condition: node, 255 when the row must go left there (else 0), bit that it clears otherwise. */
const CONDITION: usize = 12;

/** Which case of the group each row is, 16 rows at a time. */
@inline
function fillMasks(
  decisions: usize,
  stride: u32,
  count: u32,
  conditions: usize,
  conditionCount: u32,
  bits: u32,
  masks: usize,
): void {
  memory.fill(masks, <u8>(((<u32>1) << bits) - 1), count);
  for (let i: u32 = 0; i < conditionCount; i++) {
    const condition = conditions + <usize>i * CONDITION;
    const node = decisions + <usize>load<u32>(condition) * stride;
    const side = i8x16.splat(<i8>load<u32>(condition, 4));
    const bit = i8x16.splat(<i8>load<u32>(condition, 8));
    for (let row: u32 = 0; row < count; row += 16) {
      const disagrees = v128.xor(v128.load(node + row), side);
      v128.store(masks + row, v128.andnot(v128.load(masks + row), v128.and(bit, disagrees)));
    }
  }
}

/** Adds the two entries that two neighbouring rows' masks select. */
@inline
function addTwo(out: usize, entries: usize, firstMask: u32, secondMask: u32): void {
  const first = v128.load64_splat(entries + ((<usize>firstMask) << 3));
  const both = v128.load64_lane(entries + ((<usize>secondMask) << 3), first, 1);
  v128.store(out, f64x2.add(v128.load(out), both));
}

/**
 * Adds the contributions of a tree's groups of leaves to a block of rows.
 *
 * @param decisions bytes by node and row, `stride` bytes a node: 255 left, 0 right
 * @param count rows, a multiple of 16 (pad the block)
 * @param groups descriptions, `groupCount` of them: a table is f64 [outputs][2^bits] (see mergeLeafTable),
 *   outputs are uint32 addresses of f64 columns
 * @param offset bytes from the start of an output column to the block's first row
 * @param masks scratch of `count` bytes
 */
export function addLeafGroups(
  decisions: usize,
  stride: u32,
  count: u32,
  groups: usize,
  groupCount: u32,
  offset: usize,
  masks: usize,
): void {
  for (let group: u32 = 0; group < groupCount; group++) {
    const at = groups + <usize>group * GROUP;
    const bits = load<u32>(at, 8);
    const table = <usize>load<u32>(at, 12);
    const outputs = <usize>load<u32>(at, 16);
    const outputCount = load<u32>(at, 20);
    fillMasks(decisions, stride, count, load<u32>(at), load<u32>(at, 4), bits, masks);
    for (let j: u32 = 0; j < outputCount; j++) {
      const entries = table + ((<usize>(j << bits)) << 3);
      const output = <usize>load<u32>(outputs + ((<usize>j) << 2)) + offset;
      for (let row: u32 = 0; row < count; row += 4) {
        const four = load<u32>(masks + row);
        const out = output + ((<usize>row) << 3);
        addTwo(out, entries, four & 255, (four >> 8) & 255);
        addTwo(out + 16, entries, (four >> 16) & 255, four >> 24);
      }
    }
  }
}

/**
 * Counts rows by their case.
 *
 * @param decisions as for addLeafGroups @param count rows, `masks` holds them rounded up to 16
 * @param counts output, uint32 by case, 2^bits of them
 */
export function countCases(
  decisions: usize,
  stride: u32,
  count: u32,
  conditions: usize,
  conditionCount: u32,
  bits: u32,
  masks: usize,
  counts: usize,
): void {
  fillMasks(decisions, stride, (count + 15) & ~15, conditions, conditionCount, bits, masks);
  memory.fill(counts, 0, (<usize>4) << bits);
  for (let row: u32 = 0; row < count; row++) {
    const at = counts + ((<usize>load<u8>(masks + row)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
}
