/** Words of what a leaf's feature asks of a case of its group: bits that matter, their value, output (uint32). */
const REQUIREMENT: usize = 12;

/**
 * Adds the table of one leaf to that of its group. A case of the group is a mask of `bits` bits: which
 * features of the path above the group the row agrees with, and where the nodes inside it send the row.
 * Each case means one mask of the leaf.
 *
 * @param leafTable f64 [k][2^k], see fillLeafTable
 * @param requirements by feature of the leaf: the leaf agrees in it when (case & bits) == value
 * @param groupTable f64 [outputs][2^bits]
 * @param masks scratch of 2^bits bytes
 */
export function mergeLeafTable(
  leafTable: usize,
  k: u32,
  requirements: usize,
  groupTable: usize,
  bits: u32,
  masks: usize,
): void {
  const cases: u32 = 1 << bits;
  memory.fill(masks, 0, cases);
  for (let j: u32 = 0; j < k; j++) {
    const relevant = load<u32>(requirements + <usize>j * REQUIREMENT);
    const value = load<u32>(requirements + <usize>j * REQUIREMENT, 4);
    for (let i: u32 = 0; i < cases; i++) {
      const agrees = <u32>((i & relevant) == value);
      store<u8>(masks + i, load<u8>(masks + i) | (agrees << j));
    }
  }
  for (let j: u32 = 0; j < k; j++) {
    const entries = leafTable + ((<usize>(j << k)) << 3);
    const output = load<u32>(requirements + <usize>j * REQUIREMENT, 8);
    const sums = groupTable + (((<usize>output) << bits) << 3);
    for (let i: u32 = 0; i < cases; i++) {
      const at = sums + ((<usize>i) << 3);
      store<f64>(at, load<f64>(at) + load<f64>(entries + ((<usize>load<u8>(masks + i)) << 3)));
    }
  }
}
