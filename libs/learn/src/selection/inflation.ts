import { openBinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { loadKernel } from '../kernels/load-kernel.js';
import type { SeededRandom } from '../seeded-random.js';
import type { SelectionContext } from './selection-context.js';
import { shadowTarget } from './shadow-target.js';
import type { TargetBins, TargetBinsKernel, TargetBinsRoom } from './target-bins.js';

/** Most pieces that a block is cut into to measure how inner products vary. */
const MOST_PIECES = 8;
/** Pieces are at least this many dependence lengths long, so that their sums are nearly independent. */
const PIECE_LENGTHS = 4;

/**
 * How much wider chance results are than for independent rows, by Gram position and at least 1: variance of
 * the inner product with the target, and mean of the squares between bins.
 */
export interface Inflation {
  readonly linear: Float64Array;
  readonly binned: Float64Array;
}

export interface InflationInput {
  context: SelectionContext;
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
 * for sums over bins.
 */
export function estimateInflation(input: InflationInput, random: SeededRandom): Inflation {
  const { context, room, bins } = input;
  const matrix = openBinnedMatrix(context.matrix);
  const arena = new Arena(matrix.memory);
  const variance = placeShadows(input, arena, random);
  const kernel = loadKernel<TargetBinsKernel>('target-bins', matrix.memory);
  const { blocks, columns } = context;
  const pieces = blocks.map(({ begin, end }) => piecesIn(input.bar[end - 1]! - input.bar[begin]!, context));
  const cells = arena.f64(room.cells, 2 * matrix.bins);
  const squares = arena.f64(room.squares, 2);
  const counts = arena.i32(bins.counts, columns.length * blocks.length * matrix.bins);
  const linear = new Float64Array(columns.length);
  const binned = new Float64Array(columns.length);
  const table = new Int16Array(matrix.bins);
  const held = new Float64Array(matrix.bins);
  const between = new Float64Array(matrix.bins);
  columns.forEach((column, j) => {
    const tableAddress = context.tables + j * matrix.bins * 2;
    table.set(new Int16Array(arena.u8(tableAddress, 2 * matrix.bins).buffer, tableAddress, matrix.bins));
    held.fill(0);
    between.fill(0);
    squares.fill(0);
    blocks.forEach(({ begin, end }, block) => {
      cells.fill(0);
      kernel.sumPieces(
        matrix.columnAddress(column),
        tableAddress,
        begin,
        end,
        pieces[block]!,
        room.target,
        room.cells,
        room.squares,
      );
      const at = (j * blocks.length + block) * matrix.bins;
      for (let bin = 0; bin < matrix.bins; bin++) {
        held[bin]! += counts[at + bin]!;
        between[bin]! += (cells[2 * bin]! ** 2 + cells[2 * bin + 1]! ** 2) / 2;
      }
    });
    let expected = 0;
    let squaresOfBins = 0;
    let used = 0;
    for (let bin = 0; bin < matrix.bins; bin++) {
      if (held[bin] === 0) continue;
      expected += held[bin]! * table[bin]! ** 2;
      squaresOfBins += between[bin]! / held[bin]!;
      used++;
    }
    linear[j] = atLeastOne((squares[0]! + squares[1]!) / 2 / (variance * expected));
    binned[j] = atLeastOne(squaresOfBins / (variance * used));
  });
  return { linear, binned };
}

function piecesIn(bars: number, { purgeBars }: SelectionContext): number {
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
