import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { BinnedMatrixHandle } from '../binning/matrix-storage.js';
import type { Arena } from '../kernels/arena.js';
import type { ArenaScope } from '../kernels/arena-scope.js';
import { gramPitch } from '../stability/gram-bytes.js';
import type { RowBlock } from '../stability/time-blocks.js';
import { type Lags, seriesCorrelation } from './dependence.js';
import { pairPitch } from './interaction-bytes.js';
import type { PartKind } from './product-columns.js';
import { partScores } from './value-scores.js';

/** Table value of a score of 1. */
export const SCORE_UNIT = 512;
/** Table value of a squared score of 1. */
export const SQUARE_UNIT = 256;

/**
 * Columns whose products are tested, with what does not depend on the target, and room for what does. Plain data over
 * the matrix's shared memory: it can be posted to another thread.
 */
export interface ProductSpace {
  readonly matrix: BinnedMatrixHandle;
  /** Matrix columns by storage slot, some twice. Pair (i, j), i < j, of positions in it is number j (j - 1) / 2 + i. */
  readonly columns: Int32Array;
  /** How each enters products. */
  readonly parts: readonly PartKind[];
  readonly blocks: readonly RowBlock[];
  /** Pairs with those that fill the last vector. */
  readonly pitch: number;
  /** Correlation of each column's scores with its own at each lag: [column][lag]. */
  readonly dependence: Float32Array;
  readonly lags: Lags;
  /** Addresses: u32 [column] of row 0; int16 [column][bins] of scores and of their squares. */
  readonly addresses: number;
  readonly tables: number;
  readonly squares: number;
  /** int16 [row]: the target, and its square. */
  readonly weights: number;
  readonly squareWeights: number;
  /** int16 [block][pair]: sums of products with the target; float32 [pair]: what makes a sum standard normal. */
  readonly products: number;
  readonly scale: number;
}

export interface ProductSpaceInput {
  readonly matrix: BinnedMatrix;
  /** Columns that enter by their values, and those that enter by their sizes. */
  readonly columns: readonly number[];
  readonly sizes: readonly number[];
  readonly blocks: readonly RowBlock[];
  readonly lags: Lags;
}

/** Allocates in `scope` and fills what does not depend on a target. @throws ArenaFullError */
export function createProductSpace(
  { matrix, columns: values, sizes, blocks, lags }: ProductSpaceInput,
  scope: ArenaScope,
): ProductSpace {
  const terms = [...termsOf(values, 'value'), ...termsOf(sizes, 'size')].sort(
    (a, b) => matrix.slot(a.column) - matrix.slot(b.column),
  );
  const columns = Int32Array.from(terms, ({ column }) => column);
  const rows = blocks.at(-1)!.end;
  const pitch = pairPitch(columns.length);
  const tableBytes = columns.length * matrix.bins * 2;
  const space: ProductSpace = {
    matrix: matrix.handle,
    columns,
    parts: terms.map(({ part }) => part),
    blocks,
    pitch,
    lags,
    dependence: new Float32Array(new SharedArrayBuffer(4 * columns.length * lags.rows.length)),
    addresses: scope.allocate(gramPitch(columns.length) * 4, 'addresses of columns'),
    tables: scope.allocate(tableBytes, 'scores of bins'),
    squares: scope.allocate(tableBytes, 'squared scores of bins'),
    weights: scope.allocate(rows * 2, 'the target'),
    squareWeights: scope.allocate(rows * 2, 'squares of the target'),
    products: scope.allocate(blocks.length * pitch * 2, `products of ${columns.length} columns in pairs`),
    scale: scope.allocate(pitch * 4, 'scales of products'),
  };
  fillSpace(space, matrix, scope.arena);
  return space;
}

function termsOf(columns: readonly number[], part: PartKind) {
  return columns.map((column) => ({ column, part }));
}

function fillSpace(space: ProductSpace, matrix: BinnedMatrix, arena: Arena): void {
  const { columns, parts, blocks, lags, dependence } = space;
  const { bins } = matrix;
  arena.u32(space.addresses, columns.length).set(columns.map((column) => matrix.columnAddress(column) | 0));
  arena.f32(space.scale, space.pitch).fill(0);
  const values = new Uint8Array(matrix.rows);
  const series = new Float64Array(blocks.at(-1)!.end);
  columns.forEach((column, j) => {
    matrix.readColumn(column, values);
    const counts = new Float64Array(bins);
    for (const { begin, end } of blocks) {
      for (let row = begin; row < end; row++) counts[values[row]!]! += 1;
    }
    const scores = partScores(counts, parts[j]!);
    const table = arena.i16(space.tables + j * bins * 2, bins);
    const squares = arena.i16(space.squares + j * bins * 2, bins);
    scores.forEach((score, bin) => {
      table[bin] = Math.round(score * SCORE_UNIT);
      squares[bin] = Math.round(score * score * SQUARE_UNIT);
    });
    for (let row = 0; row < series.length; row++) series[row] = scores[values[row]!]!;
    dependence.set(seriesCorrelation(series, blocks, lags), j * lags.rows.length);
  });
}
