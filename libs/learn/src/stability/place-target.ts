import { LearnInputError } from '../errors/learn-input-error.js';
import { Arena } from '../kernels/arena.js';
import type { StabilityContext } from './stability-context.js';
import type { RowBlock } from './time-blocks.js';

/** Where `sumTarget` puts its results; reused from target to target. */
export interface TargetBinsRoom {
  readonly sums: number;
  readonly counts: number;
  readonly target: number;
  readonly present: number;
}

/** Sums of a target over rows of one block. */
export interface BlockMoments {
  rows: number;
  sum: number;
  square: number;
}

/**
 * Writes the centred target and its sign into the shared memory.
 *
 * @throws LearnInputError when a target is not finite or a block has no row
 */
export function placeTarget(
  context: StabilityContext,
  room: TargetBinsRoom,
  rows: Uint32Array,
  target: Float64Array,
): BlockMoments[] {
  const arena = new Arena(context.matrix.memory);
  const values = arena.f64(room.target, 2 * context.matrix.rows).fill(0);
  const present = arena.u8(room.present, context.matrix.rows).fill(0);
  let count = 0;
  let mean = 0;
  for (const row of rows) {
    const y = target[row]!;
    if (!Number.isFinite(y))
      throw new LearnInputError(`row ${row} has no finite target: leave it out of the rows`);
    count++;
    mean += (y - mean) / count;
  }
  for (const row of rows) {
    const y = target[row]!;
    values[2 * row] = y - mean;
    values[2 * row + 1] = y > 0 ? 1 : -1;
    present[row] = 1;
  }
  return context.blocks.map(({ begin, end }, block) => {
    const moments = { rows: 0, sum: 0, square: 0 };
    for (let row = begin; row < end; row++) {
      if (present[row] === 0) continue;
      addMoment(moments, values[2 * row]!);
    }
    if (moments.rows === 0) throw emptyBlock(block, context.blocks.length);
    return moments;
  });
}

/**
 * Checks what {@link placeTarget} needs of rows with a target, ascending.
 *
 * @throws LearnInputError when a block has none
 */
export function requireRowsInBlocks(blocks: readonly RowBlock[], rows: Uint32Array): void {
  let next = 0;
  blocks.forEach(({ begin, end }, block) => {
    while (next < rows.length && rows[next]! < begin) next++;
    if (next === rows.length || rows[next]! >= end) throw emptyBlock(block, blocks.length);
  });
}

function emptyBlock(block: number, blocks: number): LearnInputError {
  return new LearnInputError(`time block ${block + 1} of ${blocks} has no row with a target`);
}

function addMoment(moments: BlockMoments, value: number): void {
  moments.rows++;
  moments.sum += value;
  moments.square += value * value;
}
