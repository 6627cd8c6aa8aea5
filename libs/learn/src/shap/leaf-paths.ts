import type { Tree } from '../boosting/tree.js';

/** One test on the way to a leaf. */
export interface PathCondition {
  readonly node: number;
  /** Whether the path goes left there. */
  readonly left: boolean;
  /** Which of the path's features it tests. */
  readonly feature: number;
}

/** The way from the root to a leaf, tests of the same column taken together. */
export interface LeafPath {
  readonly leaf: number;
  /** Distinct columns, in the order of their first test. */
  readonly columns: readonly number[];
  /** By column: share of the training rows at its nodes that follow the path (a product over its nodes). */
  readonly zeros: readonly number[];
  readonly conditions: readonly PathCondition[];
}

/** Training rows that reached a child. */
export function childRows(tree: Tree, child: number): number {
  return child >= 0 ? tree.nodeRows[child]! : tree.leafRows[~child]!;
}

/** Paths of all leaves; none for a tree of one leaf. */
export function leafPaths(tree: Tree): LeafPath[] {
  const paths: LeafPath[] = [];
  if (tree.column.length > 0) descend(tree, 0, { leaf: 0, columns: [], zeros: [], conditions: [] }, paths);
  return paths;
}

function descend(tree: Tree, child: number, path: LeafPath, paths: LeafPath[]): void {
  if (child < 0) {
    paths.push({ ...path, leaf: ~child });
    return;
  }
  descend(tree, tree.left[child]!, extend(tree, child, true, path), paths);
  descend(tree, tree.right[child]!, extend(tree, child, false, path), paths);
}

function extend(tree: Tree, node: number, left: boolean, path: LeafPath): LeafPath {
  const next = left ? tree.left[node]! : tree.right[node]!;
  const share = childRows(tree, next) / tree.nodeRows[node]!;
  const known = path.columns.indexOf(tree.column[node]!);
  const feature = known < 0 ? path.columns.length : known;
  const conditions = [...path.conditions, { node, left, feature }];
  if (known < 0) {
    return {
      leaf: 0,
      columns: [...path.columns, tree.column[node]!],
      zeros: [...path.zeros, share],
      conditions,
    };
  }
  return {
    leaf: 0,
    columns: path.columns,
    zeros: path.zeros.with(known, path.zeros[known]! * share),
    conditions,
  };
}

/** Mean of the leaf values, each weighted by its training rows along the paths. */
export function expectedValue(tree: Tree): number {
  const mean = (child: number): number => {
    if (child < 0) return tree.leafValue[~child]!;
    const [left, right] = [tree.left[child]!, tree.right[child]!];
    const rows = tree.nodeRows[child]!;
    return (childRows(tree, left) / rows) * mean(left) + (childRows(tree, right) / rows) * mean(right);
  };
  return tree.column.length === 0 ? tree.leafValue[0]! : mean(0);
}
