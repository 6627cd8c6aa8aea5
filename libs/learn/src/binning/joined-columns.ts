import { LearnInputError } from '../errors/learn-input-error.js';
import { Arena } from '../kernels/arena.js';
import { GROUP_COLUMNS, groupCount } from './binned-bytes.js';
import type { BinnedMatrix } from './binned-matrix.js';
import { allocateMatrix, type BinnedMatrixHandle, matrixFacts } from './matrix-storage.js';

/** A column of some matrix. */
export interface ColumnSource {
  readonly matrix: BinnedMatrix;
  readonly column: number;
}

/**
 * Copies columns of matrices of the same rows and bins, in the given order, into a matrix in a memory of its own.
 *
 * @throws LearnInputError without a column, or where rows or bins differ
 */
export function joinedColumns(sources: readonly ColumnSource[]): BinnedMatrixHandle {
  const [first] = sources;
  if (!first) throw new LearnInputError('a matrix needs at least one column');
  const { rows, bins } = first.matrix;
  const handle = allocateMatrix(rows, sources.length, bins);
  const facts = matrixFacts(handle);
  const size = groupCount(sources.length) * GROUP_COLUMNS * rows;
  const bytes = new Arena(handle.memory).u8(handle.block, size);
  const held = new Uint8Array(rows);
  sources.forEach(({ matrix, column }, position) => {
    if (matrix.rows !== rows || matrix.bins !== bins) {
      throw new LearnInputError(`${matrix.rows} rows of ${matrix.bins} bins beside ${rows} of ${bins}`);
    }
    matrix.readColumn(column, held);
    const slot = facts.slots[position]!;
    let at = Math.floor(slot / GROUP_COLUMNS) * GROUP_COLUMNS * rows + (slot % GROUP_COLUMNS);
    for (let row = 0; row < rows; row++, at += GROUP_COLUMNS) bytes[at] = held[row]!;
    const own = matrixFacts(matrix.handle);
    const from = column * bins;
    facts.valueBins[position] = own.valueBins[column]!;
    facts.bounds.set(own.bounds.subarray(from, from + bins), position * bins);
    facts.representatives.set(own.representatives.subarray(from, from + bins), position * bins);
  });
  return handle;
}
