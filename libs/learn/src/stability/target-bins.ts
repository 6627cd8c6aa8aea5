import { openBinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import type { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import type { StabilityContext } from './stability-context.js';

export interface TargetBinsKernel {
  sumByBin(
    column: number,
    begin: number,
    end: number,
    target: number,
    present: number,
    sums: number,
    counts: number,
  ): void;
  sumPieces(
    column: number,
    table: number,
    begin: number,
    end: number,
    pieces: number,
    target: number,
    sums: number,
    squares: number,
  ): void;
  countBins(column: number, begin: number, end: number, counts: number): void;
  subsampleStatistics(
    sums: number,
    counts: number,
    columns: number,
    blocks: number,
    bins: number,
    inside: number,
    tables: number,
    out: number,
  ): void;
}

/** Sums of a target over rows of one block. */
export interface BlockMoments {
  rows: number;
  sum: number;
  square: number;
}

/** A target summed over the bins of every column and block, in the shared memory. */
export interface TargetBins {
  /** Address of float32 [column][block][bins]: sums of the target less its mean. */
  readonly sums: number;
  /** Address of i32 [column][block][bins]: rows with a target. */
  readonly counts: number;
  readonly moments: readonly BlockMoments[];
  /** Share of the target's variance that each column's bins explain, adjusted for their number. */
  readonly explained: Float64Array;
  /** The same for the target's sign. */
  readonly explainedSign: Float64Array;
}

/** Where `sumTarget` puts its results; reused from target to target. */
export interface TargetBinsRoom {
  readonly sums: number;
  readonly counts: number;
  readonly target: number;
  readonly present: number;
  readonly cells: number;
  readonly squares: number;
}

export function allocateTargetBins(context: StabilityContext, scope: ArenaScope): TargetBinsRoom {
  const { bins, rows } = context.matrix;
  const cells = context.columns.length * context.blocks.length * bins;
  return {
    sums: scope.allocate(cells * 4, 'sums of the target by bin'),
    counts: scope.allocate(cells * 4, 'rows by bin'),
    target: scope.allocate(rows * 16, 'the target and its sign'),
    present: scope.allocate(rows, 'rows with a target'),
    cells: scope.allocate(bins * 16, "sums of one column's bins"),
    squares: scope.allocate(16, 'squares of inner products'),
  };
}

/**
 * Sums a target over the bins of all columns.
 *
 * @param rows rows whose target counts; those outside the context's blocks are left out
 * @param target indexed by row number
 * @throws RangeError when a target is not finite or a block has no row
 */
export function sumTarget(
  context: StabilityContext,
  room: TargetBinsRoom,
  rows: Uint32Array,
  target: Float64Array,
): TargetBins {
  const { blocks, columns } = context;
  const matrix = openBinnedMatrix(context.matrix);
  const arena = new Arena(matrix.memory);
  const bins = matrix.bins;
  const moments = placeTarget(context, room, rows, target);
  const kernel = loadKernel<TargetBinsKernel>('target-bins', matrix.memory);
  const cellCount = columns.length * blocks.length * bins;
  const sums = arena.f32(room.sums, cellCount);
  const counts = arena.i32(room.counts, cellCount).fill(0);
  const cells = arena.f64(room.cells, 2 * bins);
  const explained = new Float64Array(columns.length);
  const explainedSign = new Float64Array(columns.length);
  const value = new Float64Array(bins);
  const sign = new Float64Array(bins);
  const held = new Float64Array(bins);
  columns.forEach((column, j) => {
    const address = matrix.columnAddress(column);
    value.fill(0);
    sign.fill(0);
    held.fill(0);
    blocks.forEach(({ begin, end }, block) => {
      cells.fill(0);
      const at = (j * blocks.length + block) * bins;
      kernel.sumByBin(address, begin, end, room.target, room.present, room.cells, room.counts + at * 4);
      for (let bin = 0; bin < bins; bin++) {
        sums[at + bin] = cells[2 * bin]!;
        value[bin]! += cells[2 * bin]!;
        sign[bin]! += cells[2 * bin + 1]!;
        held[bin]! += counts[at + bin]!;
      }
    });
    explained[j] = adjustedShare(value, held, moments.value);
    explainedSign[j] = adjustedShare(sign, held, moments.sign);
  });
  return { sums: room.sums, counts: room.counts, moments: moments.blocks, explained, explainedSign };
}

interface PlacedTarget {
  blocks: BlockMoments[];
  value: BlockMoments;
  sign: BlockMoments;
}

/** Writes the centred target and its sign into the shared memory. */
function placeTarget(
  context: StabilityContext,
  room: TargetBinsRoom,
  rows: Uint32Array,
  target: Float64Array,
): PlacedTarget {
  const arena = new Arena(context.matrix.memory);
  const values = arena.f64(room.target, 2 * context.matrix.rows).fill(0);
  const present = arena.u8(room.present, context.matrix.rows).fill(0);
  let count = 0;
  let mean = 0;
  for (const row of rows) {
    const y = target[row]!;
    if (!Number.isFinite(y))
      throw new RangeError(`row ${row} has no finite target: leave it out of the rows`);
    count++;
    mean += (y - mean) / count;
  }
  for (const row of rows) {
    const y = target[row]!;
    values[2 * row] = y - mean;
    values[2 * row + 1] = y > 0 ? 1 : -1;
    present[row] = 1;
  }
  const value = { rows: 0, sum: 0, square: 0 };
  const sign = { rows: 0, sum: 0, square: 0 };
  const blocks = context.blocks.map(({ begin, end }, block) => {
    const moments = { rows: 0, sum: 0, square: 0 };
    for (let row = begin; row < end; row++) {
      if (present[row] === 0) continue;
      addMoment(moments, values[2 * row]!);
      addMoment(value, values[2 * row]!);
      addMoment(sign, values[2 * row + 1]!);
    }
    if (moments.rows === 0) {
      throw new RangeError(`time block ${block + 1} of ${context.blocks.length} has no row with a target`);
    }
    return moments;
  });
  return { blocks, value, sign };
}

function addMoment(moments: BlockMoments, value: number): void {
  moments.rows++;
  moments.sum += value;
  moments.square += value * value;
}

/** Adjusted R^2 of the means of bins: 1 - (SSW / (n - k)) / (SST / (n - 1)). */
function adjustedShare(sums: Float64Array, counts: Float64Array, moments: BlockMoments): number {
  const { rows, sum, square } = moments;
  const total = square - (sum * sum) / rows;
  let between = -(sum * sum) / rows;
  let used = 0;
  for (let bin = 0; bin < sums.length; bin++) {
    if (counts[bin] === 0) continue;
    used++;
    between += sums[bin]! ** 2 / counts[bin]!;
  }
  if (!(total > 0) || rows <= used) return 0;
  return 1 - ((total - between) / (rows - used) / total) * (rows - 1);
}
