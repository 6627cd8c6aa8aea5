import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { reportProgress } from '../progress/progress-hooks.js';
import type { PairMembership } from '../stability/complementary-pairs.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { pairCount } from './interaction-bytes.js';
import type { ProductSpace } from './product-space.js';
import { type ProductsKernel, SCORE_CELLS } from './products-kernel.js';

/** What one subsample selected. */
export interface ChosenProducts {
  /** Signed products: 2 x number of the pair, + 1 where the sum is negative; largest |score| first. */
  readonly chosen: Uint32Array;
  /** Score of the last of them. */
  readonly least: number;
}

export interface ChoiceTask {
  readonly space: ProductSpace;
  readonly rowsOfBlock: readonly number[];
  /** Most signed products a subsample selects. */
  readonly q: number;
}

/** The q signed products with the highest scores, in a subsample and its complement, for some pairs of them. */
export const CHOSEN_PRODUCTS: PieceKind<ChoiceTask, readonly PairMembership[], ChosenProducts[]> = {
  name: 'chosen-products',
  compute: ({ space, rowsOfBlock, q }, memberships, hooks) => {
    const memory = openBinnedMatrix(space.matrix).memory;
    const arena = new Arena(memory);
    const kernel = loadKernel<ProductsKernel>('products', memory);
    const scope = new ArenaScope(arena);
    const { pitch, blocks } = space;
    try {
      const scores = scope.allocate(2 * pitch * 4, 'scores of products');
      const histograms = scope.allocate(2 * SCORE_CELLS * 4, 'histograms of scores');
      const inside = scope.allocate(blocks.length, 'blocks of a subsample');
      const factors = scope.allocate(8, 'factors of scales');
      return memberships.flatMap((membership, done) => {
        arena.u8(inside, blocks.length).set(membership);
        arena.f32(factors, 2).set(sideFactors(membership, rowsOfBlock));
        kernel.scorePairs(
          space.products,
          pitch,
          blocks.length,
          inside,
          space.scale,
          factors,
          scores,
          histograms,
        );
        reportProgress(hooks, (done + 1) / memberships.length);
        return [0, 1].map((side) =>
          highest({
            arena,
            kernel,
            q,
            pairs: pairCount(space.columns.length),
            scores: scores + side * pitch * 4,
            histogram: arena.i32(histograms + side * SCORE_CELLS * 4, SCORE_CELLS),
          }),
        );
      });
    } finally {
      scope.release();
    }
  },
};

/** Root of all rows over the rows of either side: a sum over a part of the rows varies less. */
function sideFactors(membership: PairMembership, rowsOfBlock: readonly number[]): [number, number] {
  const all = rowsOfBlock.reduce((sum, rows) => sum + rows, 0);
  const within = rowsOfBlock.reduce((sum, rows, block) => sum + rows * membership[block]!, 0);
  return [Math.sqrt(all / Math.max(1, within)), Math.sqrt(all / Math.max(1, all - within))];
}

interface HighestInput {
  readonly arena: Arena;
  readonly kernel: ProductsKernel;
  readonly q: number;
  readonly pairs: number;
  readonly scores: number;
  readonly histogram: Int32Array;
}

function highest({ arena, kernel, q, pairs, scores, histogram }: HighestInput): ChosenProducts {
  let cell = SCORE_CELLS - 1;
  let count = histogram[cell]!;
  while (count < q && cell > 0) count += histogram[--cell]!;
  const list = arena.allocate(4 * count, 'highest scores');
  try {
    const found = kernel.collectScores(scores, pairs, cell, list, count);
    const score = arena.f32(scores, pairs);
    const best = [...arena.u32(list, Math.min(found, count))]
      .filter((pair) => score[pair] !== 0)
      .sort((a, b) => Math.abs(score[b]!) - Math.abs(score[a]!) || a - b)
      .slice(0, q);
    return {
      chosen: Uint32Array.from(best, (pair) => 2 * pair + (score[pair]! < 0 ? 1 : 0)),
      least: best.length === 0 ? Number.POSITIVE_INFINITY : Math.abs(score[best.at(-1)!]!),
    };
  } finally {
    arena.free(list);
  }
}
