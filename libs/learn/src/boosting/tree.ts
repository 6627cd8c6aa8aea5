/**
 * A decision tree as parallel arrays. Inner nodes are numbered from 0 (the root); a child >= 0 is an inner
 * node, a negative child is `~leaf`. A tree of one leaf has no inner nodes.
 */
export interface Tree {
  /** Matrix column tested by each inner node. */
  readonly column: Int32Array;
  /** Rows with a bin <= this one go left; null for a tree read from elsewhere, which knows values only. */
  readonly bin: Uint8Array | null;
  /** Rows with a value <= this one go left; +Infinity when every value does. */
  readonly threshold: Float64Array;
  /** 1 when missing values go left. */
  readonly missingLeft: Uint8Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** How much each split lowered the loss (twice the loss, as in XGBoost and LightGBM). */
  readonly gain: Float64Array;
  /** Training rows that came to each inner node. */
  readonly nodeRows: Float64Array;
  /** Training rows in each leaf. */
  readonly leafRows: Float64Array;
  /** What each leaf adds to the raw score, learning rate included. */
  readonly leafValue: Float64Array;
}

/** Follows one row to its leaf. `goesLeft(node)` decides at inner nodes. */
export function leafOf(tree: Tree, goesLeft: (node: number) => boolean): number {
  if (tree.column.length === 0) return 0;
  let node = 0;
  while (node >= 0) node = goesLeft(node) ? tree.left[node]! : tree.right[node]!;
  return ~node;
}

/** Depth of every leaf, the root's being 0. */
export function leafDepths(tree: Tree): Int32Array {
  const depths = new Int32Array(tree.leafValue.length);
  const nodes = new Int32Array(tree.column.length);
  // A node is always made before its children, so one pass in order suffices.
  for (let node = 0; node < nodes.length; node++) {
    for (const child of [tree.left[node]!, tree.right[node]!]) {
      if (child >= 0) nodes[child] = nodes[node]! + 1;
      else depths[~child] = nodes[node]! + 1;
    }
  }
  return depths;
}
