import { BLOCK_COLUMNS } from './dataset-layout.js';

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

/** Bytes of the buffers of all queries in flight while a dataset is read. */
export function readBufferBytes(rows: number, columns: number): number {
  const held = Math.min(columns, READ_CONNECTIONS * columnsPerQuery(rows));
  return held * rows * Float32Array.BYTES_PER_ELEMENT;
}
