import type { Tree } from '../boosting/tree.js';
import { childRows } from './leaf-paths.js';

/** One distinct feature of the path so far (Lundberg et al. 2018, algorithm 2). */
interface PathFeature {
  column: number;
  zero: number;
  one: number;
  /** Share of subsets of this size, by permutation weight. */
  weight: number;
}

/**
 * Adds one row's exact path-dependent SHAP values of one tree, of any depth: EXTEND and UNWIND of
 * Lundberg et al. 2018, algorithm 2, in f64.
 *
 * @param goesLeft what the row decides at a node
 * @param add receives every contribution by column
 */
export function addRecursiveShap(
  tree: Tree,
  goesLeft: (node: number) => boolean,
  add: (column: number, contribution: number) => void,
): void {
  if (tree.column.length === 0) return;
  visit(0, [], 1, 1, -1);

  function visit(
    child: number,
    above: readonly PathFeature[],
    zero: number,
    one: number,
    column: number,
  ): void {
    const path = extendPath(above, zero, one, column);
    if (child < 0) {
      addLeafShares(path, tree.leafValue[~child]!, add);
      return;
    }
    const own = tree.column[child]!;
    const [left, right] = [tree.left[child]!, tree.right[child]!];
    const [hot, cold] = goesLeft(child) ? [left, right] : [right, left];
    const before = path.findIndex((feature) => feature.column === own);
    const earlier = before < 0 ? { zero: 1, one: 1 } : path[before]!;
    const rest = before < 0 ? path : unwindPath(path, before);
    const rows = tree.nodeRows[child]!;
    visit(hot, rest, (earlier.zero * childRows(tree, hot)) / rows, earlier.one, own);
    visit(cold, rest, (earlier.zero * childRows(tree, cold)) / rows, 0, own);
  }
}

function addLeafShares(
  path: readonly PathFeature[],
  value: number,
  add: (column: number, share: number) => void,
): void {
  for (let i = 1; i < path.length; i++) {
    const { column, one, zero } = path[i]!;
    if (one !== zero) add(column, unwoundSum(path, i) * (one - zero) * value);
  }
}

function extendPath(above: readonly PathFeature[], zero: number, one: number, column: number): PathFeature[] {
  const path = above.map((feature) => ({ ...feature }));
  const depth = path.length;
  path.push({ column, zero, one, weight: depth === 0 ? 1 : 0 });
  for (let i = depth - 1; i >= 0; i--) {
    const weight = path[i]!.weight;
    path[i + 1]!.weight += (one * weight * (i + 1)) / (depth + 1);
    path[i]!.weight = (zero * weight * (depth - i)) / (depth + 1);
  }
  return path;
}

function unwindPath(path: readonly PathFeature[], index: number): PathFeature[] {
  const depth = path.length - 1;
  const { one, zero } = path[index]!;
  const weights = new Float64Array(depth);
  let next = path[depth]!.weight;
  for (let i = depth - 1; i >= 0; i--) {
    if (one !== 0) {
      weights[i] = (next * (depth + 1)) / ((i + 1) * one);
      next = path[i]!.weight - (weights[i]! * zero * (depth - i)) / (depth + 1);
    } else {
      weights[i] = (path[i]!.weight * (depth + 1)) / (zero * (depth - i));
    }
  }
  return path.toSpliced(index, 1).map((feature, i) => ({ ...feature, weight: weights[i]! }));
}

function unwoundSum(path: readonly PathFeature[], index: number): number {
  const depth = path.length - 1;
  const { one, zero } = path[index]!;
  let total = 0;
  let next = path[depth]!.weight;
  for (let i = depth - 1; i >= 0; i--) {
    if (one !== 0) {
      const weight = (next * (depth + 1)) / ((i + 1) * one);
      total += weight;
      next = path[i]!.weight - (weight * zero * (depth - i)) / (depth + 1);
    } else {
      total += (path[i]!.weight * (depth + 1)) / (zero * (depth - i));
    }
  }
  return total;
}
