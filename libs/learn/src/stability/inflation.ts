import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import type { SeededRandom } from '../numeric/seeded-random.js';
import { type ProgressHooks, reportProgress } from '../progress/progress-hooks.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { type PieceRange, pieceRanges } from '../threads/piece-ranges.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';
import { CONTRASTS, contrastPitch } from './curvature-contrasts.js';
import type { TargetBinsRoom } from './place-target.js';
import { shadowTarget, signPieces } from './shadow-target.js';
import type { StabilityContext } from './stability-context.js';
import type { TargetBins, TargetBinsKernel } from './target-bins.js';

/** Most pieces that a block is cut into to measure how inner products vary. */
const MOST_PIECES = 8;
/** Pieces are at least this many dependence lengths long, so that their sums are nearly independent. */
const PIECE_LENGTHS = 4;

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
 */
export function estimateInflation(
  input: InflationInput,
  random: SeededRandom,
  { pool = callingThread, isCancelled = () => false }: { pool?: WorkPool; isCancelled?(): boolean } = {},
): Inflation {
  const { context, room, bins, bar } = input;
  const variance = placeShadows(input, new Arena(context.matrix.memory), random);
  const pieces = context.blocks.map(({ begin, end }) => piecesIn(bar[end - 1]! - bar[begin]!, context));
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
  const ratio = (effect: number) => atLeastOne(effect / variance);
  return { linear: linear.map(ratio), curved: curved.map(ratio), binned: binned.map(ratio) };
}

/** Squares of a sum up to so many times its variance are taken for chance. */
const CHANCE = 4;

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

/** What the shadows' sums over one column's bins add up to. */
class ColumnEffect {
  readonly #rows: Float64Array;
  /** Sum over blocks of the squared sum of a bin, mean of the shadows. */
  readonly #squares: Float64Array;
  #squaresOfBlocks = 0;
  /** Sum of the real target in a bin. */
  readonly #real: Float64Array;
  readonly #share: number;
  readonly #contrasts: Float32Array;
  readonly #pitch: number;
  /** Sum over blocks of the squared inner products with curved contrasts, mean of the shadows. */
  #curvedSquares = 0;

  constructor(bins: number, contrasts: Float32Array, share: number) {
    this.#share = share;
    this.#real = new Float64Array(bins);
    this.#contrasts = contrasts;
    this.#pitch = contrastPitch(bins);
    this.#rows = new Float64Array(bins);
    this.#squares = new Float64Array(bins);
  }

  /** @param cells sums of both shadows by bin, @param counts rows, @param sums of the real target by bin */
  addBlock(cells: Float64Array, counts: Int32Array, sums: Float32Array): void {
    let first = 0;
    let second = 0;
    for (let bin = 0; bin < counts.length; bin++) {
      const one = cells[2 * bin]!;
      const two = cells[2 * bin + 1]!;
      this.#rows[bin]! += counts[bin]!;
      this.#real[bin]! += sums[bin]!;
      this.#squares[bin]! += (one * one + two * two) / 2;
      first += one;
      second += two;
    }
    this.#squaresOfBlocks += (first * first + second * second) / 2;
    for (let contrast = 1; contrast < CONTRASTS; contrast++) this.#addContrast(cells, contrast);
  }

  #addContrast(cells: Float64Array, contrast: number): void {
    const at = contrast * this.#pitch;
    let first = 0;
    let second = 0;
    for (let bin = 0; bin < this.#rows.length; bin++) {
      first += this.#contrasts[at + bin]! * cells[2 * bin]!;
      second += this.#contrasts[at + bin]! * cells[2 * bin + 1]!;
    }
    this.#curvedSquares += (first * first + second * second) / 2;
  }

  /** Mean square of the inner product over that of independent rows of variance 1. */
  linear(squares: number, table: Int16Array): number {
    const inner = this.#real.reduce((sum, real, bin) => sum + real * table[bin]!, 0);
    const square = this.#rows.reduce((sum, rows, bin) => sum + rows * table[bin]! ** 2, 0);
    return this.#withoutEffect(squares, inner) / square;
  }

  /**
   * Squares of a shadow's sums less what the real sum, beyond the {@link CHANCE} times its variance that chance may make of it,
   * adds to them within pieces of one sign.
   */
  #withoutEffect(squares: number, real: number): number {
    const kept = 1 - CHANCE * this.#share;
    if (kept <= 0 || real * real <= CHANCE * squares) return squares;
    return Math.max(0, squares - this.#share * real * real) / kept;
  }

  /** The same for the squares that curved contrasts explain. */
  curved(): number {
    let square = 0;
    let real = 0;
    for (let contrast = 1; contrast < CONTRASTS; contrast++) {
      const at = contrast * this.#pitch;
      let inner = 0;
      for (let bin = 0; bin < this.#rows.length; bin++) {
        square += this.#rows[bin]! * this.#contrasts[at + bin]! ** 2;
        inner += this.#real[bin]! * this.#contrasts[at + bin]!;
      }
      real += inner * inner;
    }
    return this.#withoutEffect(this.#curvedSquares, Math.sqrt(real)) / square;
  }

  /** The same for the squares between bins, the target's mean left out as the F statistic does. */
  binned(): number {
    let between = 0;
    let used = 0;
    let present = 0;
    for (let bin = 0; bin < this.#rows.length; bin++) {
      const rows = this.#rows[bin]!;
      if (rows === 0) continue;
      between += this.#withoutEffect(this.#squares[bin]!, this.#real[bin]!) / rows;
      present += rows;
      used++;
    }
    return (between - this.#squaresOfBlocks / present) / (used - 1);
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

/** Writes two shadow targets beside each other and returns their mean square inside the blocks. */
function placeShadows(
  { context, room, rows, target, bar }: InflationInput,
  arena: Arena,
  random: SeededRandom,
): number {
  const values = arena.f64(room.target, 2 * context.matrix.rows).fill(0);
  const dependenceBars = context.purgeBars;
  const mean = rows.reduce((sum, row) => sum + target[row]!, 0) / rows.length;
  for (const lane of [0, 1]) {
    const shadow = shadowTarget({ rows, target, bar, dependenceBars }, random);
    for (const row of rows) values[2 * row + lane] = shadow[row]! - mean;
  }
  let square = 0;
  let count = 0;
  const present = arena.u8(room.present, context.matrix.rows);
  for (const { begin, end } of context.blocks) {
    for (let row = begin; row < end; row++) {
      if (present[row] === 0) continue;
      square += (values[2 * row]! ** 2 + values[2 * row + 1]! ** 2) / 2;
      count++;
    }
  }
  return square / count;
}
