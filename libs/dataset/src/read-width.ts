import { BLOCK_COLUMNS } from './dataset-layout.js';
import type { FeatureValues, StoredType } from './feature-values.js';

/** Queries in flight, each on its own connection (one connection is single-threaded). */
export const READ_CONNECTIONS = 2;

/** Enough columns a query to amortise the scan. */
const MOST_COLUMNS = 125;
/** What the buffers of all queries in flight may take, unless one column each takes more. */
const BUFFER_BYTES = 96e6;

/** Columns that one query reads: a divisor of a block's, so that no query spans two blocks. */
export function columnsPerQuery(rows: number): number {
  const affordable = BUFFER_BYTES / (READ_CONNECTIONS * rows * Float32Array.BYTES_PER_ELEMENT);
  for (let columns = MOST_COLUMNS; columns > 1; columns--) {
    if (BLOCK_COLUMNS % columns === 0 && columns <= affordable) return columns;
  }
  return 1;
}

/**
 * Ranges of columns from ... to - 1 that are read with one query each: within a block, and of no more memory than
 * {@link columnsPerQuery} columns of float32.
 */
export function columnSlices(
  { from, to }: { from: number; to: number },
  rows: number,
  typeOf: (position: number) => StoredType,
): { start: number; end: number }[] {
  const slices: { start: number; end: number }[] = [];
  const width = columnsPerQuery(rows);
  const widthOf = (position: number): number => (typeOf(position) === 'DOUBLE' ? 2 : 1);
  for (let start = from; start < to; start = slices.at(-1)!.end) {
    const last = Math.min(to, (Math.floor(start / width) + 1) * width);
    let end = start + 1;
    for (let taken = widthOf(start); end < last && taken + widthOf(end) <= width; end++)
      taken += widthOf(end);
    slices.push({ start, end });
  }
  return slices;
}

/** What DuckDB takes at most while a dataset is read: measured 520 MiB at 80,000 rows x 1,000 columns. */
const READER_BYTES = 550e6;

/** Bytes that reading a dataset takes at most, DuckDB's and ours. */
export function loadingBytes(rows: number, columns: number): number {
  const reader = Math.min(READER_BYTES, 2 * columns * rows * Float32Array.BYTES_PER_ELEMENT);
  return reader + readBufferBytes(rows, columns);
}

/** Bytes of the buffers of all queries in flight while a dataset is read. */
export function readBufferBytes(rows: number, columns: number): number {
  const held = Math.min(columns, READ_CONNECTIONS * columnsPerQuery(rows));
  return held * rows * Float32Array.BYTES_PER_ELEMENT;
}

/** Memory for the columns of one query after the other. */
export class ColumnBuffer {
  #bytes = new ArrayBuffer();

  constructor(private readonly rows: number) {}

  /** Room for columns of the given types, which takes the place of what was there before. */
  columns(types: readonly StoredType[]): FeatureValues[] {
    const { rows } = this;
    // Columns of float64 start at multiples of 8 bytes.
    const sizes = types.map((type) => Math.ceil((rows * (type === 'DOUBLE' ? 8 : 4)) / 8) * 8);
    const size = sizes.reduce((sum, bytes) => sum + bytes, 0);
    if (this.#bytes.byteLength < size) this.#bytes = new ArrayBuffer(size);
    let place = 0;
    return types.map((type, i) => {
      const Type = type === 'DOUBLE' ? Float64Array : Float32Array;
      const values = new Type(this.#bytes, place, rows);
      place += sizes[i]!;
      return values;
    });
  }
}
