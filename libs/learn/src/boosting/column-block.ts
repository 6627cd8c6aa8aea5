import { GROUP_COLUMNS, groupCount } from '../binning/binned-bytes.js';
import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { columnSlots } from '../binning/column-order.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import type { ArenaScope } from '../kernels/arena-scope.js';
import type { TreeKernel } from './tree-kernel.js';

/** Bins of the columns that trees may use: the matrix's own block, or a gathered copy of some columns. */
export interface ColumnBlock {
  readonly address: number;
  /** Rows a group. */
  readonly stride: number;
  /** Slots in ascending order of the matrix column they hold: searching in this order decides ties. */
  readonly slots: Uint32Array;
  /** Matrix column by slot, -1 for slots that hold none. */
  readonly columnOfSlot: Int32Array;
}

/**
 * The block of the given columns (all when undefined). Fewer columns than the matrix has are gathered into
 * scratch, so that trees touch nothing else.
 *
 * @throws LearnInputError for a column twice or out of range
 */
export function columnBlock(
  matrix: BinnedMatrix,
  columns: readonly number[] | undefined,
  kernel: TreeKernel,
  scope: ArenaScope,
): ColumnBlock {
  const wanted = columns
    ? [...columns].sort((a, b) => a - b)
    : Array.from({ length: matrix.columns }, (_, i) => i);
  if (wanted.length === 0) throw new LearnInputError('a booster needs at least one column');
  wanted.forEach((column, i) => {
    if (column === wanted[i - 1]) throw new LearnInputError(`column ${column} is given twice`);
  });
  if (wanted.length === matrix.columns) {
    const slots = Uint32Array.from(wanted, (column) => matrix.slot(column));
    return {
      address: matrix.handle.block,
      stride: matrix.rows,
      slots,
      columnOfSlot: columnsBySlot(slots, wanted),
    };
  }
  const slots = Uint32Array.from(columnSlots(wanted.length));
  const bytes = groupCount(wanted.length) * GROUP_COLUMNS * matrix.rows;
  const address = scope.allocate(bytes, `${wanted.length} gathered columns`);
  // Unused bytes of the last group count as bins too: left over from other work, they would index past
  // their own histograms.
  const lastGroup = (groupCount(wanted.length) - 1) * GROUP_COLUMNS * matrix.rows;
  scope.arena.u8(address + lastGroup, GROUP_COLUMNS * matrix.rows).fill(0);
  wanted.forEach((column, i) => {
    const { block } = matrix.handle;
    kernel.gatherColumns(
      block,
      matrix.rows,
      matrix.slot(column),
      matrix.rows,
      address,
      matrix.rows,
      slots[i]!,
    );
  });
  return { address, stride: matrix.rows, slots, columnOfSlot: columnsBySlot(slots, wanted) };
}

function columnsBySlot(slots: Uint32Array, columns: readonly number[]): Int32Array {
  const bySlot = new Int32Array(groupCount(columns.length) * GROUP_COLUMNS).fill(-1);
  columns.forEach((column, i) => {
    bySlot[slots[i]!] = column;
  });
  return bySlot;
}
