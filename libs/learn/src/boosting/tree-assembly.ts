import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { Tree } from './tree.js';

/** A split as the search found it, in terms of the block's slots. */
export interface FoundSplit {
  readonly gain: number;
  readonly slot: number;
  readonly bin: number;
  readonly missingLeft: boolean;
  /** Quantised sums of the rows that go left. */
  readonly leftGradient: number;
  readonly leftHessian: number;
}

interface MadeNode {
  split: FoundSplit;
  column: number;
  rows: number;
  left: number;
  right: number;
}

/** Collects the nodes of one tree while it grows. Leaves keep their number; a split adds one leaf. */
export class TreeAssembly {
  readonly #nodes: MadeNode[] = [];
  /** Node above each leaf, -1 for the root. */
  readonly #parents: number[] = [-1];

  get leaves(): number {
    return this.#parents.length;
  }

  /** Turns `leaf` into a node with two leaves: `leaf` itself on the left, a new one on the right. Returns the new one. */
  split(leaf: number, split: FoundSplit, column: number, rows: number): number {
    const node = this.#nodes.length;
    const added = this.#parents.length;
    const parent = this.#nodes[this.#parents[leaf]!];
    if (parent) {
      if (parent.left === ~leaf) parent.left = node;
      else parent.right = node;
    }
    this.#nodes.push({ split, column, rows, left: ~leaf, right: ~added });
    this.#parents[leaf] = node;
    this.#parents.push(node);
    return added;
  }

  /** @param gains by node @param leafRows training rows by leaf @param leafValue what each leaf adds */
  finish(matrix: BinnedMatrix, leafRows: Float64Array, leafValue: Float64Array): Tree {
    const nodes = this.#nodes;
    return {
      column: Int32Array.from(nodes, (node) => node.column),
      bin: Uint8Array.from(nodes, (node) => node.split.bin),
      threshold: Float64Array.from(nodes, (node) => thresholdOf(matrix, node.column, node.split.bin)),
      missingLeft: Uint8Array.from(nodes, (node) => (node.split.missingLeft ? 1 : 0)),
      left: Int32Array.from(nodes, (node) => node.left),
      right: Int32Array.from(nodes, (node) => node.right),
      gain: Float64Array.from(nodes, (node) => node.split.gain),
      nodeRows: Float64Array.from(nodes, (node) => node.rows),
      leafRows,
      leafValue,
    };
  }
}

/** The value that bounds a bin from above; the last bin has none. */
function thresholdOf(matrix: BinnedMatrix, column: number, bin: number): number {
  return matrix.bounds(column)[bin - 1] ?? Number.POSITIVE_INFINITY;
}
