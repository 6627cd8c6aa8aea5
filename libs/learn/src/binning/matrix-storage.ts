import { Arena, createSharedMemory } from '../kernels/arena.js';
import { checkMatrixSize, factBytes, GROUP_COLUMNS, groupCount } from './binned-bytes.js';
import { columnSlots } from './column-order.js';

/** Where a matrix lies in its shared memory. Plain data: it can be posted to a worker thread. */
export interface BinnedMatrixHandle {
  readonly memory: WebAssembly.Memory;
  readonly rows: number;
  readonly columns: number;
  readonly bins: number;
  /** Address of the bins: groups of 8 columns, 8 bytes a row. */
  readonly block: number;
  /** Address of the facts, in the order of `MatrixFacts`. */
  readonly facts: number;
}

/** Views of what is kept beside the bins, by column in the order of the caller. */
export interface MatrixFacts {
  readonly slots: Int32Array;
  readonly valueBins: Int32Array;
  /** [column][bins]: bounds, then unused. */
  readonly bounds: Float32Array;
  /** [column][bins] */
  readonly representatives: Float32Array;
}

/**
 * Reserves an empty matrix in a new shared memory: all rows missing, slots assigned.
 *
 * @param maximumBytes bound on the memory, for the matrix and all that is later computed in it
 */
export function allocateMatrix(
  rows: number,
  columns: number,
  bins: number,
  maximumBytes?: number,
): BinnedMatrixHandle {
  checkMatrixSize(rows, columns, bins);
  const memory = createSharedMemory(maximumBytes);
  const arena = new Arena(memory);
  const block = arena.allocate(
    groupCount(columns) * GROUP_COLUMNS * rows,
    `${rows} rows x ${columns} columns of bins`,
  );
  const facts = arena.allocate(factBytes(columns, bins), `bounds of ${columns} columns`);
  const handle = { memory, rows, columns, bins, block, facts };
  const views = matrixFacts(handle);
  views.slots.set(columnSlots(columns));
  views.representatives.fill(Number.NaN);
  return handle;
}

export function matrixFacts(handle: BinnedMatrixHandle): MatrixFacts {
  const { columns, bins, facts } = handle;
  const arena = new Arena(handle.memory);
  return {
    slots: arena.i32(facts, columns),
    valueBins: arena.i32(facts + 4 * columns, columns),
    bounds: arena.f32(facts + 8 * columns, columns * bins),
    representatives: arena.f32(facts + 8 * columns + 4 * columns * bins, columns * bins),
  };
}
