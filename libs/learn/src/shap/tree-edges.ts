import type { Tree } from '../boosting/tree.js';
import { childRows } from './leaf-paths.js';

/** An edge of a tree with what is above it. */
export interface TreeEdge {
  readonly node: number;
  readonly left: boolean;
  /** Position of the edge above; -1 at the root. */
  readonly parent: number;
  /** Position of the nearest edge above of the same column; -1 for none. */
  readonly same: number;
  /** Share of the training rows that follow the path at the column's nodes, this one included. */
  readonly zero: number;
  /** Leaf that it ends in; -1 for an inner node. */
  readonly leaf: number;
}

/** Edges of a tree, each before those below it and left before right, and the most distinct columns of a path. */
export interface TreeEdges {
  readonly edges: readonly TreeEdge[];
  readonly mostColumns: number;
}

/** Lists the edges of a tree of any depth. */
export function treeEdges(tree: Tree): TreeEdges {
  const edges: TreeEdge[] = [];
  let mostColumns = 0;
  // By column: the nearest edge above.
  const nearest = new Map<number, number>();
  const visit = (child: number, parent: number): void => {
    if (child < 0) {
      mostColumns = Math.max(mostColumns, nearest.size);
      return;
    }
    const column = tree.column[child]!;
    const same = nearest.get(column) ?? -1;
    for (const left of [true, false]) {
      const next = left ? tree.left[child]! : tree.right[child]!;
      const share = childRows(tree, next) / tree.nodeRows[child]!;
      const zero = same < 0 ? share : share * edges[same]!.zero;
      edges.push({ node: child, left, parent, same, zero, leaf: next < 0 ? ~next : -1 });
      const position = edges.length - 1;
      nearest.set(column, position);
      visit(next, position);
    }
    if (same < 0) nearest.delete(column);
    else nearest.set(column, same);
  };
  if (tree.column.length > 0) visit(0, -1);
  return { edges, mostColumns };
}
