import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import type { SeededRandom } from '../numeric/seeded-random.js';
import { type ProgressHooks, reportProgress } from '../progress/progress-hooks.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { type PieceRange, pieceRanges } from '../threads/piece-ranges.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';
import { ColumnEffect } from './column-effect.js';
import { CONTRASTS, contrastPitch } from './curvature-contrasts.js';
import { moderatedVariances } from './moderated-variances.js';
import type { TargetBinsRoom } from './place-target.js';
import { shadowTarget, signPieces } from './shadow-target.js';
import type { StabilityContext } from './stability-context.js';
import type { TargetBins, TargetBinsKernel } from './target-bins.js';

/** Most pieces that a block is cut into to measure how inner products vary. */
const MOST_PIECES = 8;
/** Pieces are at least this many dependence lengths long, so that their sums are nearly independent. */
const PIECE_LENGTHS = 4;
/** Curved contrasts of a column without missing values. */
const SMOOTH_CONTRASTS = CONTRASTS - 2;

/**
 * How much wider chance results are than for independent rows, by Gram position and at least 1: variance of
 * the inner product with the target, mean of the squares that curved contrasts explain, and of those between bins.
 */
export interface Inflation {
  readonly linear: Float64Array;
  readonly curved: Float64Array;
  readonly binned: Float64Array;
}

export interface InflationInput {
  context: StabilityContext;
  /** Its areas for the target are overwritten. */
  room: TargetBinsRoom;
  bins: TargetBins;
  rows: Uint32Array;
  target: Float64Array;
  bar: Int32Array;
}

/**
 * Measures, on two shadow targets, the design effect of dependence in time for every column. Targets that
 * overlap in time look related to slowly moving features far more often than to fast ones; without this
 * correction slow features crowd the selected, and error bounds, which rest on all features being equally
 * likely to be selected by chance, do not hold.
 *
 * The linear effect is the sum over pieces of time of (x'y)^2 over its value for independent rows, that is
 * 1 + 2 sum over lags of the product of both autocorrelations (Bartlett 1935); the binned one is the same
 * for sums over bins, the curved one for sums weighted by contrasts. A shadow keeps what a feature really says within
 * a piece of one sign; of features that say more than chance does it is taken off, or strong ones would be held back.
 *
 * Few pieces tell a feature's own factor badly: all are drawn together by as much as so few pieces make them vary.
 */
export function estimateInflation(
  input: InflationInput,
  random: SeededRandom,
  { pool = callingThread, isCancelled = () => false }: { pool?: WorkPool; isCancelled?(): boolean } = {},
): Inflation {
  const { context, room, bins, bar } = input;
  const pieces = context.blocks.map(({ begin, end }) => piecesIn(bar[end - 1]! - bar[begin]!, context));
  const { variance, piecesAlike, blocksAlike } = placeShadows(
    input,
    pieces,
    new Arena(context.matrix.memory),
    random,
  );
  const count = context.columns.length;
  const ranges = pieceRanges(count, COLUMNS_AT_ONCE);
  const rows = bins.moments.reduce((sum, moments) => sum + moments.rows, 0);
  const pieceRows =
    input.rows.length / signPieces({ rows: input.rows, bar, dependenceBars: context.purgeBars });
  const { counts, sums } = bins;
  const shared = { context, target: room.target, counts, sums, pieces, share: pieceRows / rows };
  const effects = pool.compute(EFFECTS_OF_COLUMNS, shared, ranges, { isCancelled });
  const linear = new Float64Array(count);
  const curved = new Float64Array(count);
  const binned = new Float64Array(count);
  ranges.forEach(([from], piece) => {
    linear.set(effects[piece]!.linear, from);
    curved.set(effects[piece]!.curved, from);
    binned.set(effects[piece]!.binned, from);
  });
  const factors = (effects: Float64Array, degrees: number) =>
    moderatedVariances(
      effects.map((effect) => effect / variance),
      degrees,
    ).map(atLeastOne);
  return {
    linear: factors(linear, piecesAlike),
    curved: factors(curved, SMOOTH_CONTRASTS * blocksAlike),
    binned: factors(binned, (context.matrix.bins - 1) * blocksAlike),
  };
}

/** Columns that a thread measures at a time. */
const COLUMNS_AT_ONCE = 256;

interface Measuring {
  readonly context: StabilityContext;
  /** Address of both shadows. */
  readonly target: number;
  /** Addresses of the rows and of the real target's sums by column, block and bin. */
  readonly counts: number;
  readonly sums: number;
  /** Share of the rows that a piece of one sign has. */
  readonly share: number;
  /** Pieces that each block is cut into. */
  readonly pieces: readonly number[];
}

/** All effects of a range of columns, in Gram order, in units of the shadows' variance. */
export const EFFECTS_OF_COLUMNS: PieceKind<Measuring, PieceRange, Inflation> = {
  name: 'effects-of-columns',
  compute: effectsOfColumns,
};

function effectsOfColumns(
  { context, target, counts: countsAt, sums: sumsAt, pieces, share }: Measuring,
  [from, to]: PieceRange,
  hooks: ProgressHooks,
): Inflation {
  const matrix = openBinnedMatrix(context.matrix);
  const { bins } = matrix;
  const kernel = loadKernel<TargetBinsKernel>('target-bins', matrix.memory);
  const scope = new ArenaScope(new Arena(matrix.memory));
  const { arena } = scope;
  try {
    const { blocks } = context;
    const cellsAt = scope.allocate(2 * bins * 8, "sums of one column's bins");
    const squaresAt = scope.allocate(2 * 8, 'squares of inner products');
    const cells = arena.f64(cellsAt, 2 * bins);
    const squares = arena.f64(squaresAt, 2);
    const counts = arena.i32(countsAt, context.columns.length * blocks.length * bins);
    const sums = arena.f32(sumsAt, counts.length);
    const linear = new Float64Array(to - from);
    const curved = new Float64Array(to - from);
    const binned = new Float64Array(to - from);
    const contrastCells = CONTRASTS * contrastPitch(bins);
    for (let j = from; j < to; j++) {
      const table = context.tables + j * bins * 2;
      const address = matrix.columnAddress(context.columns[j]!);
      const contrasts = arena.f32(context.contrasts + j * contrastCells * 4, contrastCells);
      const effect = new ColumnEffect(bins, contrasts, share);
      squares.fill(0);
      blocks.forEach(({ begin, end }, block) => {
        cells.fill(0);
        kernel.sumPieces(address, table, begin, end, pieces[block]!, target, cellsAt, squaresAt);
        const at = (j * blocks.length + block) * bins;
        effect.addBlock(cells, counts.subarray(at, at + bins), sums.subarray(at, at + bins));
      });
      const values = new Int16Array(arena.u8(table, 2 * bins).buffer, table, bins);
      linear[j - from] = effect.linear(meanSquareSums(squares), values);
      curved[j - from] = effect.curved();
      binned[j - from] = effect.binned();
      if (j % 16 === 0) reportProgress(hooks, (j - from) / (to - from));
    }
    return { linear, curved, binned };
  } finally {
    scope.release();
  }
}

/** Mean over both shadows of the squared inner products of all pieces. */
function meanSquareSums(squares: Float64Array): number {
  return (squares[0]! + squares[1]!) / 2;
}

function piecesIn(bars: number, { purgeBars }: StabilityContext): number {
  const wanted = Math.floor(bars / (PIECE_LENGTHS * Math.max(1, purgeBars)));
  return Math.max(1, Math.min(MOST_PIECES, wanted));
}

/** 1 where there is nothing to divide by, too. */
function atLeastOne(ratio: number): number {
  return ratio > 1 && Number.isFinite(ratio) ? ratio : 1;
}

/**
 * Writes two shadow targets beside each other.
 *
 * @returns their mean square inside the blocks, and as how many pieces, and blocks, of equal size all count: where the target's
 *   size moves, the large ones decide what sums over them are
 */
function placeShadows(
  { context, room, rows, target, bar }: InflationInput,
  pieces: readonly number[],
  arena: Arena,
  random: SeededRandom,
): { variance: number; piecesAlike: number; blocksAlike: number } {
  const values = arena.f64(room.target, 2 * context.matrix.rows).fill(0);
  const dependenceBars = context.purgeBars;
  const mean = rows.reduce((sum, row) => sum + target[row]!, 0) / rows.length;
  for (const lane of [0, 1]) {
    const shadow = shadowTarget({ rows, target, bar, dependenceBars }, random);
    for (const row of rows) values[2 * row + lane] = shadow[row]! - mean;
  }
  const present = arena.u8(room.present, context.matrix.rows);
  let count = 0;
  const squares = context.blocks.map(({ begin, end }, block) => {
    const inPieces = new Float64Array(pieces[block]!);
    for (let row = begin; row < end; row++) {
      if (present[row] === 0) continue;
      const piece = Math.floor(((row - begin) * inPieces.length) / (end - begin));
      inPieces[piece]! += (values[2 * row]! ** 2 + values[2 * row + 1]! ** 2) / 2;
      count++;
    }
    return inPieces;
  });
  const inBlocks = squares.map(sumOf);
  return {
    variance: sumOf(inBlocks) / count,
    piecesAlike: alike(squares.flatMap((pieces) => [...pieces])),
    blocksAlike: alike(inBlocks),
  };
}

/** How many equal shares differ as much as these: (sum of x)^2 / sum of x^2. */
function alike(shares: readonly number[]): number {
  return sumOf(shares) ** 2 / sumOf(shares.map((share) => share ** 2));
}

function sumOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0);
}
