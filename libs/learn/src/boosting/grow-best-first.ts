import type { OpenLeaf } from './open-leaf.js';
import type { TreeGrower } from './tree-grower.js';

/**
 * Splits one leaf at a time until none is worth splitting or the tree has `maxLeaves`: by `leaf` the one
 * that gains most, by `level` the shallowest. The earlier leaf wins ties.
 *
 * @returns all leaves, ordered by leaf number
 */
export function growBestFirst(grower: TreeGrower, root: OpenLeaf): OpenLeaf[] {
  const { maxLeaves, growth } = grower.params;
  const goesFirst = growth === 'leaf' ? gainsMore : isShallower;
  const leaves = [root];
  grower.findSplit(root);
  while (leaves.length < maxLeaves) {
    let chosen: OpenLeaf | undefined;
    for (const leaf of leaves) if (leaf.split && (!chosen || goesFirst(leaf, chosen))) chosen = leaf;
    if (!chosen) break;
    const [left, right] = grower.split(chosen, leaves.length + 1 < maxLeaves);
    leaves[left.leaf] = left;
    leaves[right.leaf] = right;
    grower.findSplit(left);
    grower.findSplit(right);
  }
  return leaves;
}

function gainsMore(leaf: OpenLeaf, other: OpenLeaf): boolean {
  return leaf.split!.gain > other.split!.gain;
}

function isShallower(leaf: OpenLeaf, other: OpenLeaf): boolean {
  return leaf.depth < other.depth;
}
