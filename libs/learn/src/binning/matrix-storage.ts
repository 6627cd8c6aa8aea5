import { Arena, createSharedMemory } from '../kernels/arena.js';
import { checkMatrixSize, factBytes, GROUP_COLUMNS, groupCount } from './binned-bytes.js';
import { columnSlots } from './column-order.js';

/** Where a matrix lies in its shared memory. Plain data: it can be posted to a worker thread. */
export interface BinnedMatrixHandle {
  readonly memory: WebAssembly.Memory;
  /** What the memory may grow to; undefined for as much as addresses reach. */
  readonly maximumBytes: number | undefined;
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
  readonly bounds: Float64Array;
  /** [column][bins] */
  readonly representatives: Float64Array;
}

interface IdleMemory {
  readonly memory: WebAssembly.Memory;
  readonly maximumBytes: number | undefined;
}

/**
 * Memories of released matrices, for the next ones of this thread. Garbage collection does not see how much
 * a shared memory holds, so it comes far too late for a series of matrices.
 */
const idle: IdleMemory[] = [];
/** More than a full matrix and its subset in turn are not worth keeping. */
const MOST_IDLE = 2;

function takeMemory(maximumBytes: number | undefined): WebAssembly.Memory {
  const place = idle.findLastIndex((held) => held.maximumBytes === maximumBytes);
  if (place < 0) return createSharedMemory(maximumBytes);
  const [{ memory }] = idle.splice(place, 1) as [IdleMemory];
  new Arena(memory).reset();
  return memory;
}

/** Keeps the matrix's memory for the next matrix; nothing may use it any more. */
export function releaseMatrix({ memory, maximumBytes }: BinnedMatrixHandle): void {
  if (idle.some((held) => held.memory === memory)) throw new Error('the matrix was released before');
  idle.push({ memory, maximumBytes });
  if (idle.length > MOST_IDLE) idle.shift();
}

/**
 * Reserves an empty matrix in a shared memory of its own: all rows missing, slots assigned.
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
  const memory = takeMemory(maximumBytes);
  const arena = new Arena(memory);
  const block = arena.allocate(
    groupCount(columns) * GROUP_COLUMNS * rows,
    `${rows} rows x ${columns} columns of bins`,
  );
  const facts = arena.allocate(factBytes(columns, bins), `bounds of ${columns} columns`);
  arena.u8(block, groupCount(columns) * GROUP_COLUMNS * rows).fill(0);
  const handle = { memory, maximumBytes, rows, columns, bins, block, facts };
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
    bounds: arena.f64(facts + 8 * columns, columns * bins),
    representatives: arena.f64(facts + 8 * columns + 8 * columns * bins, columns * bins),
  };
}
