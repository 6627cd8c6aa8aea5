import { LearnInputError } from '../errors/learn-input-error.js';
import { Arena } from '../kernels/arena.js';
import { GROUP_COLUMNS, groupCount } from './binned-bytes.js';
import type { BinnedMatrix } from './binned-matrix.js';
import { joinedColumns } from './joined-columns.js';
import { type BinnedMatrixHandle, type MatrixFacts, matrixFacts, releaseMatrix } from './matrix-storage.js';

/** Opens a matrix that lies in a shared memory, in any thread that holds the memory. */
export function openBinnedMatrix(handle: BinnedMatrixHandle): BinnedMatrix {
  return new SharedBinnedMatrix(handle);
}

class SharedBinnedMatrix implements BinnedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly bins: number;
  readonly memory: WebAssembly.Memory;
  readonly #facts: MatrixFacts;
  readonly #bytes: Uint8Array;
  #released = false;
  #fingerprint: number | undefined;

  constructor(readonly handle: BinnedMatrixHandle) {
    this.rows = handle.rows;
    this.columns = handle.columns;
    this.bins = handle.bins;
    this.memory = handle.memory;
    this.#facts = matrixFacts(handle);
    this.#bytes = new Arena(handle.memory).u8(
      handle.block,
      groupCount(handle.columns) * GROUP_COLUMNS * handle.rows,
    );
  }

  get fingerprint(): number {
    this.#fingerprint ??= fingerprintOf(this.handle, this.#facts);
    return this.#fingerprint;
  }

  valueBins(column: number): number {
    this.#check(column);
    return this.#facts.valueBins[column]!;
  }

  bounds(column: number): Float64Array {
    const count = Math.max(0, this.valueBins(column) - 1);
    return Float64Array.from(this.#facts.bounds.subarray(column * this.bins, column * this.bins + count));
  }

  representatives(column: number): Float64Array {
    this.#check(column);
    return Float64Array.from(
      this.#facts.representatives.subarray(column * this.bins, (column + 1) * this.bins),
    );
  }

  readColumn(column: number, into: Uint8Array = new Uint8Array(this.rows)): Uint8Array {
    if (into.length < this.rows)
      throw new LearnInputError(`room for ${into.length} rows, the matrix has ${this.rows}`);
    const start = this.columnAddress(column) - this.handle.block;
    const bytes = this.#bytes;
    for (let row = 0, at = start; row < this.rows; row++, at += GROUP_COLUMNS) into[row] = bytes[at]!;
    return into;
  }

  columnAddress(column: number): number {
    const slot = this.slot(column);
    const group = Math.floor(slot / GROUP_COLUMNS);
    return this.handle.block + group * GROUP_COLUMNS * this.rows + (slot % GROUP_COLUMNS);
  }

  slot(column: number): number {
    this.#check(column);
    return this.#facts.slots[column]!;
  }

  subset(columns: readonly number[]): BinnedMatrix {
    return openBinnedMatrix(joinedColumns(columns.map((column) => ({ matrix: this, column }))));
  }

  release(): void {
    if (!this.#released) releaseMatrix(this.handle);
    this.#released = true;
  }

  #check(column: number): void {
    if (this.#released) throw new Error('the matrix was released, its memory may hold another one');
    if (!Number.isInteger(column) || column < 0 || column >= this.columns) {
      throw new LearnInputError(`column ${column} is not one of the matrix's ${this.columns}`);
    }
  }
}

/** FNV-1a over sizes and bounds. */
function fingerprintOf(handle: BinnedMatrixHandle, facts: MatrixFacts): number {
  let hash = 0x811c9dc5;
  const mix = (word: number) => {
    hash = Math.imul(hash ^ word, 0x01000193);
    hash ^= hash >>> 15;
  };
  mix(handle.columns);
  mix(handle.bins);
  const words = new Int32Array(facts.bounds.buffer, facts.bounds.byteOffset, 2 * facts.bounds.length);
  for (let column = 0; column < handle.columns; column++) {
    const count = facts.valueBins[column]!;
    mix(count);
    for (let i = 0; i < 2 * (count - 1); i++) mix(words[2 * column * handle.bins + i]!);
  }
  return hash >>> 0;
}
