import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type ProgressHooks, reportProgress } from '../progress/progress-hooks.js';
import { gramScratchBytes, STRIP } from '../stability/gram-bytes.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { inflationOf } from './dependence.js';
import { pairCount } from './interaction-bytes.js';
import { type ProductSpace, SCORE_UNIT, SQUARE_UNIT } from './product-space.js';
import { TARGET_SQUARE_UNIT, TARGET_UNIT } from './product-target.js';
import type { ProductsKernel } from './products-kernel.js';

/** Bits by which weighted values are shifted down, so that 2.5 x 3 and (2.5 x 3)^2 stay under 2,048. */
const SHIFT = 9;
const SQUARE_SHIFT = 7;
/** Stored value of a block's sum of one deviation. */
export const STORED_UNIT = 256;
/** Rows that scales are measured on, about. */
const MEASURED_ROWS = 6000;
/** Columns of a piece that measures scales. */
const SCALE_COLUMNS = 128;
/** A pair whose products vary less than this share of two independent columns' is not tested. */
const LEAST_VARIANCE = 0.02;

export interface ProductTask {
  readonly space: ProductSpace;
  /** Rows with a target. */
  readonly rows: number;
  readonly lagWeights: Float64Array;
}

/** Sums of products with the target of all pairs over one block, by its position. */
export const PRODUCTS_OF_BLOCK: PieceKind<ProductTask, number, null> = {
  name: 'products-of-block',
  compute: ({ space, rows }, block, hooks) => {
    const { columns, blocks, tables, weights, products, pitch } = space;
    const { begin, end } = blocks[block]!;
    const out = products + block * pitch * 2;
    const unit =
      STORED_UNIT / Math.sqrt(rows / blocks.length) / ((SCORE_UNIT * TARGET_UNIT) / 2 ** SHIFT) / SCORE_UNIT;
    const strips = stripsOf(columns.length, STRIP);
    const pad = pairCount(columns.length);
    new Arena(openBinnedMatrix(space.matrix).memory).i16(out, pitch).fill(0, pad);
    const source = { tables, weights, shift: SHIFT, firstRow: begin, rows: end - begin, step: 1 };
    eachStrip(space, strips, source, hooks, ({ kernel, sums, from, to }) => {
      kernel.storePairs(sums, from, to, unit, out);
    });
    return null;
  },
};

/** First columns of the pieces that measure scales. */
export function scalePieces(columns: number): number[] {
  return stripsOf(columns, SCALE_COLUMNS).map(([from]) => from);
}

/**
 * Scales of all pairs whose later column is in a strip: one over the root of the sum of (target x product)^2 (White
 * 1980), measured on some thousand rows, times how much wider dependence in time makes the sum; 0 for a pair that
 * cannot be tested.
 */
export const SCALES_OF_STRIP: PieceKind<ProductTask, number, null> = {
  name: 'scales-of-strip',
  compute: ({ space, rows, lagWeights }, begin, hooks) => {
    const { columns, blocks, squares, squareWeights, scale } = space;
    const all = blocks.at(-1)!.end;
    const step = Math.max(1, Math.floor(all / MEASURED_ROWS));
    const source = {
      tables: squares,
      weights: squareWeights,
      shift: SQUARE_SHIFT,
      firstRow: 0,
      rows: Math.floor(all / step),
      step,
    };
    const unit = step / ((SQUARE_UNIT * TARGET_SQUARE_UNIT) / 2 ** SQUARE_SHIFT) / SQUARE_UNIT;
    const stored = Math.sqrt(rows / blocks.length) / STORED_UNIT;
    const lags = lagWeights.length;
    const own = (column: number) => space.dependence.subarray(column * lags, (column + 1) * lags);
    const strips: [number, number][] = [[begin, Math.min(columns.length, begin + SCALE_COLUMNS)]];
    eachStrip(space, strips, source, hooks, ({ arena, sums, from, to }) => {
      const stride = Math.ceil((to - from) / 8) * 8;
      const found = arena.f32(sums, to * stride);
      const scales = arena.f32(scale, space.pitch);
      for (let j = from; j < to; j++) {
        const weighted = own(j).map((value, k) => value * lagWeights[k]!);
        for (let i = 0; i < j; i++) {
          const variance = found[i * stride + j - from]! * unit;
          const tested = variance > LEAST_VARIANCE * rows;
          scales[(j * (j - 1)) / 2 + i] = tested
            ? stored / Math.sqrt(variance * inflationOf(own(i), weighted))
            : 0;
        }
      }
    });
    return null;
  },
};

interface StripSource {
  readonly tables: number;
  readonly weights: number;
  readonly shift: number;
  readonly firstRow: number;
  readonly rows: number;
  readonly step: number;
}

interface Strip {
  readonly arena: Arena;
  readonly kernel: ProductsKernel;
  readonly sums: number;
  readonly from: number;
  readonly to: number;
}

function stripsOf(columns: number, width: number): [number, number][] {
  return Array.from({ length: Math.ceil(columns / width) }, (_, k) => [
    k * width,
    Math.min(columns, (k + 1) * width),
  ]);
}

/** Computes strip after strip and hands over the sums. */
function eachStrip(
  { matrix: handle, columns, addresses }: ProductSpace,
  strips: readonly [number, number][],
  { tables, weights, shift, firstRow, rows, step }: StripSource,
  hooks: ProgressHooks,
  use: (strip: Strip) => void,
): void {
  const matrix = openBinnedMatrix(handle);
  const arena = new Arena(matrix.memory);
  const kernel = loadKernel<ProductsKernel>('products', matrix.memory);
  const scope = new ArenaScope(arena);
  try {
    const bytes = gramScratchBytes(columns.length);
    const left = scope.allocate(bytes.left, 'left operand of the products');
    const right = scope.allocate(bytes.right, 'right operand of the products');
    const sums = scope.allocate(bytes.sums, 'strip of the products');
    for (const [from, to] of strips) {
      kernel.weightedStrip(
        addresses,
        columns.length,
        from,
        to,
        firstRow,
        rows,
        step,
        tables,
        matrix.bins,
        weights,
        shift,
        left,
        right,
        sums,
      );
      use({ arena, kernel, sums, from, to });
      reportProgress(hooks, (to / columns.length) ** 2);
    }
  } finally {
    scope.release();
  }
}
