/**
 * Bytes of a node: address of its column's bins, shift, limit, right child, left child (uint32), padding.
 * A row goes left when (bin - shift) mod 256 <= limit: where missing values (bin 0) go right the shift is 1,
 * which makes 0 the highest of all. Children are node numbers; a leaf is a node with itself as both children.
 */
const NODE: usize = 32;

/**
 * Adds a tree's leaf values to the scores of the listed rows. Every row takes `depth` steps, staying in its
 * leaf once there: without branches to mispredict, steps of neighbouring rows overlap.
 *
 * @param nodes the root, then inner nodes and leaves in any order
 * @param values f64 by node, used for leaves
 * @param depth steps to the deepest leaf
 * @param rows uint32 rows of the block, `count` of them
 * @param scores f64 in the order of `rows`
 */
export function addTreeScores(
  nodes: usize,
  values: usize,
  depth: u32,
  rows: usize,
  count: u32,
  scores: usize,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = (<usize>load<u32>(rows + ((<usize>i) << 2))) << 3;
    let node: u32 = 0;
    for (let step: u32 = 0; step < depth; step++) {
      const at = nodes + <usize>node * NODE;
      const bin = <u32>load<u8>(<usize>load<u32>(at) + row);
      const left = <usize>(((bin - load<u32>(at, 4)) & 255) <= load<u32>(at, 8));
      node = load<u32>(at + (left << 2), 12);
    }
    const at = scores + ((<usize>i) << 3);
    store<f64>(at, load<f64>(at) + load<f64>(values + ((<usize>node) << 3)));
  }
}
