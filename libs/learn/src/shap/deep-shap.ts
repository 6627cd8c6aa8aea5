import type { Tree } from '../boosting/tree.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { gaussLegendre, type Quadrature } from './gauss-legendre.js';
import type { ShapKernel } from './shap-kernel.js';
import { type TreeEdge, treeEdges } from './tree-edges.js';
import type { TileOfRows, TreeMethod } from './tree-method.js';

const EDGE_WORDS = 8;
const STATES = 3;
/** Ratio and share. */
const LINES = 2;
/** A share of no training rows at all stands for so little, so that factors can be divided by. */
const LEAST_SHARE = 1e-30;

/** Path-dependent SHAP values of trees of any depth, by quadrature; see the kernel's addDeepTree. */
export class DeepShap implements TreeMethod {
  readonly #arena: Arena;
  readonly #scope: ArenaScope;
  readonly #edges: number;
  readonly #coefficients: number;
  readonly #states: number;
  readonly #values: number;
  #count = 0;
  #points = 0;

  /** @param trees all that will be prepared: scratch is made for the largest */
  constructor(
    memory: WebAssembly.Memory,
    readonly kernel: ShapKernel,
    trees: readonly Tree[],
  ) {
    this.#arena = new Arena(memory);
    this.#scope = new ArenaScope(this.#arena);
    const sizes = trees.map(sizeOf);
    const most = (pick: (size: TreeSize) => number) =>
      sizes.reduce((max, size) => Math.max(max, pick(size)), 1);
    try {
      this.#edges = this.#scope.allocate(4 * EDGE_WORDS * most(({ edges }) => edges), 'edges of a tree');
      this.#coefficients = this.#scope.allocate(
        8 * LINES * STATES * most(({ edges, points }) => edges * points),
        'factors of a tree',
      );
      this.#states = this.#scope.allocate(
        most(({ edges }) => edges),
        'states of edges',
      );
      this.#values = this.#scope.allocate(
        8 * most(({ edges, points }) => edges * points),
        'products of edges',
      );
    } catch (error) {
      this.#scope.release();
      throw error;
    }
  }

  prepare(tree: Tree, outputOf: (column: number) => number): void {
    const { edges, mostColumns } = treeEdges(tree);
    this.#count = edges.length;
    this.#points = pointsFor(mostColumns);
    const exact = gaussLegendre(Math.ceil(mostColumns / 2));
    const words = this.#arena.u32(this.#edges, EDGE_WORDS * edges.length);
    const leaves = this.#arena.f64(this.#edges, (EDGE_WORDS / 2) * edges.length);
    edges.forEach(({ node, left, parent, same, leaf }, e) => {
      const output = outputOf(tree.column[node]!);
      words.set([node, left ? 255 : 0, parent + 1, same + 1, output, leaf < 0 ? 0 : 1], EDGE_WORDS * e);
      leaves[(EDGE_WORDS / 2) * e + 3] = leaf < 0 ? 0 : tree.leafValue[leaf]!;
    });
    const lines = this.#arena.f64(this.#coefficients, LINES * STATES * this.#points * edges.length);
    lines.fill(0);
    edges.forEach((edge, e) => {
      for (let state = 0; state < STATES; state++) {
        const start = LINES * (STATES * e + state) * this.#points;
        fillLines(lines.subarray(start, start + LINES * this.#points), edge, edges[edge.same], state, exact);
      }
    });
  }

  add({ decisions, stride, count, offset }: TileOfRows): void {
    this.kernel.addDeepTree(
      decisions,
      stride,
      count,
      this.#edges,
      this.#count,
      this.#coefficients,
      this.#points,
      offset,
      this.#states,
      this.#values,
    );
  }

  release(): void {
    this.#scope.release();
  }
}

interface TreeSize {
  readonly edges: number;
  readonly points: number;
}

function sizeOf(tree: Tree): TreeSize {
  const { edges, mostColumns } = treeEdges(tree);
  return { edges: edges.length, points: pointsFor(mostColumns) };
}

/** Quadrature points, padded to whole vectors of two. */
function pointsFor(columns: number): number {
  return 2 * Math.ceil(Math.ceil(columns / 2) / 2);
}

/**
 * What an edge multiplies products by (its factor over that of the edge above of the same column), and its share
 * weight * ((one - z) / factor - the same of the edge above): shares along a path add up to the deepest one's.
 */
function fillLines(
  lines: Float64Array,
  edge: TreeEdge,
  above: TreeEdge | undefined,
  state: number,
  { nodes, weights }: Quadrature,
): void {
  const points = lines.length / LINES;
  const zero = Math.max(LEAST_SHARE, edge.zero);
  const one = state === 2 ? 1 : 0;
  // Without an edge above the column is not yet known of: a factor of 1 and a share of 0.
  const zeroAbove = above ? Math.max(LEAST_SHARE, above.zero) : 1;
  const oneAbove = above && state === 0 ? 0 : 1;
  nodes.forEach((t, q) => {
    const factor = zero * (1 - t) + one * t;
    const factorAbove = zeroAbove * (1 - t) + oneAbove * t;
    lines[q] = factor / factorAbove;
    lines[points + q] = weights[q]! * ((one - zero) / factor - (oneAbove - zeroAbove) / factorAbove);
  });
}
