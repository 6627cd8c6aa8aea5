/** Bytes of one inner node: slot, bin, missing left, left child, right child (int32 each), padding. */
const NODE: usize = 32;

/**
 * Adds a tree's leaf values to the scores of the listed rows. A child >= 0 is a node, a negative one is
 * the complement of a leaf number.
 *
 * @param nodes inner nodes, node 0 being the root; at least one
 * @param leafValues f64 by leaf
 * @param rows uint32 rows of the block, `count` of them
 * @param scores f64 in the order of `rows`
 */
export function addTreeScores(block: usize, stride: u32, nodes: usize, leafValues: usize, rows: usize, count: u32, scores: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(rows + (<usize>i << 2));
    let node: i32 = 0;
    while (node >= 0) {
      const at = nodes + <usize>node * NODE;
      const slot = load<u32>(at);
      const bin = <u32>load<u8>(block + ((<usize>(slot >> 3) * stride + row) << 3) + (slot & 7));
      const left = bin == 0 ? load<i32>(at, 8) : <i32>(bin <= load<u32>(at, 4));
      node = left ? load<i32>(at, 12) : load<i32>(at, 16);
    }
    const at = scores + (<usize>i << 3);
    store<f64>(at, load<f64>(at) + load<f64>(leafValues + (<usize>~node << 3)));
  }
}
