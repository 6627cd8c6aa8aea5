import { type DuckDBDataChunk, type DuckDBListValue, DuckDBTypeId } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { Lists, StatementBatch } from '../warehouse.js';
import { TEXT_MARK } from './duckdb-dialect.js';

const LIST_ENTRY_WORDS = 2;
const DOUBLE_BYTES = 8;
const VALIDITY_WORD_BITS = 64;
const VALIDITY_WORD_BYTES = 8;

/** A chunk of a DuckDB result, numbers read through the low-level bindings. */
export class DuckDbBatch implements StatementBatch {
  constructor(
    private readonly chunk: DuckDBDataChunk,
    private readonly columns: ReadonlyMap<string, number>,
  ) {}

  get rows(): number {
    return this.chunk.rowCount;
  }

  integers(column: string): Float64Array {
    const position = this.#position(column);
    const vector = duckdb.data_chunk_get_vector(this.chunk.chunk, position);
    const type = this.chunk.getColumnVector(position).type.typeId;
    if (type === DuckDBTypeId.INTEGER) {
      const bytes = duckdb.vector_get_data(vector, this.rows * Int32Array.BYTES_PER_ELEMENT);
      return Float64Array.from(new Int32Array(bytes.buffer, bytes.byteOffset, this.rows));
    }
    if (type !== DuckDBTypeId.BIGINT) throw new RangeError(`column ${column} holds no integers`);
    const bytes = duckdb.vector_get_data(vector, this.rows * BigInt64Array.BYTES_PER_ELEMENT);
    return Float64Array.from(new BigInt64Array(bytes.buffer, bytes.byteOffset, this.rows), Number);
  }

  numberLists(column: string): Lists<Float64Array> {
    const vector = duckdb.data_chunk_get_vector(this.chunk.chunk, this.#position(column));
    const entries = bigints(duckdb.vector_get_data(vector, this.rows * LIST_ENTRY_WORDS * DOUBLE_BYTES));
    const child = duckdb.list_vector_get_child(vector);
    const size = duckdb.list_vector_get_size(vector);
    const present = doubles(duckdb.vector_get_data(child, size * DOUBLE_BYTES));
    const words = Math.ceil(size / VALIDITY_WORD_BITS);
    const validity = duckdb.vector_get_validity(child, words * VALIDITY_WORD_BYTES);
    const offsets = new Uint32Array(this.rows + 1);
    for (let row = 0; row < this.rows; row++) {
      offsets[row + 1] = offsets[row]! + Number(entries[row * LIST_ENTRY_WORDS + 1]!);
    }
    const values = new Float64Array(offsets[this.rows]!);
    for (let row = 0; row < this.rows; row++) {
      const start = Number(entries[row * LIST_ENTRY_WORDS]!);
      const end = start + offsets[row + 1]! - offsets[row]!;
      values.set(present.subarray(start, end), offsets[row]!);
      if (validity) blankNulls(values, offsets[row]!, validity, start, end);
    }
    return { offsets, values };
  }

  textLists(column: string): Lists<readonly (string | null)[]> {
    const offsets = new Uint32Array(this.rows + 1);
    const values: (string | null)[] = [];
    this.chunk.getColumnValues(this.#position(column)).forEach((list, row) => {
      const texts = (list as DuckDBListValue).items as (string | null)[];
      for (const text of texts) values.push(text === null ? null : text.slice(TEXT_MARK.length));
      offsets[row + 1] = values.length;
    });
    return { offsets, values };
  }

  #position(column: string): number {
    const position = this.columns.get(column);
    if (position === undefined) throw new RangeError(`the statement has no column ${column}`);
    return position;
  }
}

/** A NULL's slot holds whatever was there before: it becomes NaN. */
function blankNulls(
  values: Float64Array,
  offset: number,
  validity: Uint8Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    if ((validity[i >> 3]! & (1 << (i & 7))) === 0) values[offset + i - start] = Number.NaN;
  }
}

function doubles(bytes: Uint8Array): Float64Array {
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / DOUBLE_BYTES);
}

function bigints(bytes: Uint8Array): BigUint64Array {
  return new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / DOUBLE_BYTES);
}
