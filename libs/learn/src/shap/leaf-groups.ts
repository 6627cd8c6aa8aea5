import type { Tree } from '../boosting/tree.js';
import { type LeafPath, leafPaths } from './leaf-paths.js';

/** Bits of a case: one byte, so that 16 rows' cases are one vector. */
export const MOST_CASE_BITS = 8;

/** A test that decides one bit of a case: the bit is 1 when all its tests hold. */
export interface CaseCondition {
  readonly node: number;
  /** Whether the row must go left there. */
  readonly left: boolean;
  readonly bit: number;
}

/** What a leaf asks of a case to agree with the row in one of the leaf's features. */
export interface CaseRequirement {
  /** Bits of the case that matter. */
  readonly relevant: number;
  /** What they must be. */
  readonly value: number;
  /** Which of the group's columns the feature is. */
  readonly output: number;
}

/** A leaf of a group, with a requirement for each feature of its path. */
export interface GroupedLeaf {
  readonly path: LeafPath;
  readonly requirements: readonly CaseRequirement[];
}

/**
 * Leaves that are tabulated together: all those under one node. What they contribute to a row depends on
 * which features of the path down to that node the row agrees with and where the nodes below send it; each
 * of these is a bit of the row's case.
 */
export interface LeafGroup {
  readonly bits: number;
  readonly conditions: readonly CaseCondition[];
  /** Distinct columns of all paths. */
  readonly columns: readonly number[];
  readonly leaves: readonly GroupedLeaf[];
}

/**
 * Groups the leaves of a tree, as many in a group as `MOST_CASE_BITS` allow; each leaf is in one group. The
 * groups depend on the tree alone, so a row's values do not depend on which rows are explained with it.
 *
 * @returns undefined when a path has more distinct columns than a case has bits
 */
export function leafGroups(tree: Tree): LeafGroup[] | undefined {
  const paths = leafPaths(tree);
  if (paths.some((path) => path.columns.length > MOST_CASE_BITS)) return undefined;
  const groups: LeafGroup[] = [];
  let next = 0;
  const visit = (child: number, above: LeafPath['conditions'], features: number): void => {
    const below = nodesBelow(tree, child);
    if (features + below.length <= MOST_CASE_BITS) {
      groups.push(groupOf(paths.slice(next, next + below.length + 1), above.length, features, below));
      next += below.length + 1;
      return;
    }
    for (const half of [tree.left[child]!, tree.right[child]!]) {
      // The first leaf not grouped yet is the first below this child: its path starts with the child's.
      const conditions = paths[next]!.conditions.slice(0, above.length + 1);
      const known = 1 + conditions.reduce((most, { feature }) => Math.max(most, feature), -1);
      visit(half, conditions, known);
    }
  };
  if (paths.length > 0) visit(0, [], 0);
  return groups;
}

/** Inner nodes of the subtree of a child; a leaf has none. */
function nodesBelow(tree: Tree, child: number): number[] {
  if (child < 0) return [];
  return [child, ...nodesBelow(tree, tree.left[child]!), ...nodesBelow(tree, tree.right[child]!)];
}

/**
 * @param depth conditions that all the paths share
 * @param features distinct columns of these, which are bits 0 .. features - 1
 * @param below nodes below, the next bits
 */
function groupOf(
  paths: readonly LeafPath[],
  depth: number,
  features: number,
  below: readonly number[],
): LeafGroup {
  const columns = [...new Set(paths.flatMap((path) => path.columns))];
  const shared = paths[0]!.conditions.slice(0, depth);
  const conditions = [
    ...shared.map(({ node, left, feature }) => ({ node, left, bit: feature })),
    ...below.map((node, i) => ({ node, left: true, bit: features + i })),
  ];
  const bitOf = new Map(below.map((node, i) => [node, features + i]));
  const leaves = paths.map((path) => ({ path, requirements: requirementsOf(path, depth, bitOf, columns) }));
  return { bits: features + below.length, conditions, columns, leaves };
}

function requirementsOf(
  path: LeafPath,
  depth: number,
  bitOf: ReadonlyMap<number, number>,
  columns: readonly number[],
): CaseRequirement[] {
  return path.columns.map((column, feature) => {
    let relevant = 0;
    let value = 0;
    path.conditions.forEach((condition, i) => {
      if (condition.feature !== feature) return;
      const bit = i < depth ? 1 << feature : 1 << bitOf.get(condition.node)!;
      relevant |= bit;
      if (i < depth || condition.left) value |= bit;
    });
    return { relevant, value, output: columns.indexOf(column) };
  });
}
