import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatBytes } from '../format/bytes.js';
import { OnescanError } from '../onescan-error.js';

/** Some rows of one table of the spool, at `offset` in the file: their numbers as int32, then column-major float32. */
export interface SpoolSegment {
  table: number;
  offset: number;
  rows: number;
}

/** What another thread needs to read a spool; structured-cloneable. */
export interface SpoolIndex {
  path: string;
  segments: SpoolSegment[];
}

/** Of a value and of a row's number. */
const CELL_BYTES = 4;
const TILE_ROWS = 128;

/**
 * Raw temporary file that takes arriving batches in any order: each batch is appended column-major, so any
 * range of columns can later be gathered with one read a batch and memory for just those columns.
 */
export class DatasetSpool {
  readonly #descriptor: number;
  readonly #segments: SpoolSegment[] = [];
  /** Used again for every batch. */
  #columns = new Float32Array();
  #end = 0;

  constructor(readonly path: string) {
    this.#descriptor = openSync(path, 'wx');
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#end;
  }

  /**
   * Appends a batch; both arrays may be used again afterwards.
   *
   * @param rows row of the dataset for each row of the batch
   * @param values the table's columns one after the other, each of `rows.length` values
   */
  append(table: number, rows: Int32Array, values: Float32Array): void {
    const segment = { table, offset: this.#end, rows: rows.length };
    this.#write(rows);
    this.#write(values);
    this.#segments.push(segment);
  }

  /** The same for values that come row after row, `width` a row; what follows the last row is not looked at. */
  appendRows(table: number, rows: Int32Array, width: number, values: Float32Array): void {
    const cells = width * rows.length;
    if (this.#columns.length < cells) this.#columns = new Float32Array(cells);
    transpose(values, rows.length, width, this.#columns);
    this.append(table, rows, this.#columns.subarray(0, cells));
  }

  /** Forgets everything from a position on, the value of {@link bytes} at some time before. */
  truncate(bytes: number): void {
    while (this.#segments.length > 0 && this.#segments.at(-1)!.offset >= bytes) this.#segments.pop();
    ftruncateSync(this.#descriptor, bytes);
    this.#end = bytes;
  }

  index(): SpoolIndex {
    return { path: this.path, segments: this.#segments };
  }

  /** Closes and removes the file. */
  dispose(): void {
    closeSync(this.#descriptor);
    rmSync(this.path, { force: true });
  }

  /** @throws OnescanError RESOURCE_EXHAUSTED naming the folder when its disk is full */
  #writeSome(bytes: Uint8Array): number {
    try {
      return writeSync(this.#descriptor, bytes, 0, bytes.length, this.#end);
    } catch (thrown) {
      const error = OnescanError.from(thrown);
      if (error.code !== 'RESOURCE_EXHAUSTED') throw error;
      const written = `after ${formatBytes(this.#end)} of the fetch`;
      throw new OnescanError(error.code, `the disk of ${dirname(this.path)} is full ${written}`, {
        remedy: error.remedy,
        cause: thrown,
      });
    }
  }

  #write(source: Int32Array | Float32Array): void {
    const bytes = bytesOf(source, source.length);
    for (let done = 0; done < bytes.length; ) {
      const written = this.#writeSome(bytes.subarray(done));
      done += written;
      this.#end += written;
    }
  }
}

/** Gathers columns from a spool. */
export class SpoolReader {
  readonly #descriptor: number;
  readonly #byTable = new Map<number, SpoolSegment[]>();
  /** Used again for every segment. */
  #rows = new Int32Array();
  #values = new Float32Array();

  constructor(
    index: SpoolIndex,
    private readonly rowCount: number,
  ) {
    this.#descriptor = openSync(index.path, 'r');
    for (const segment of index.segments) {
      const segments = this.#byTable.get(segment.table);
      if (segments) segments.push(segment);
      else this.#byTable.set(segment.table, [segment]);
    }
  }

  /**
   * Columns [first, first + count) of a table as `count` runs of `rowCount` values in `into`; NaN where no
   * batch brought the row.
   */
  gather(table: number, first: number, count: number, into: Float32Array): void {
    into.fill(Number.NaN, 0, count * this.rowCount);
    for (const { offset, rows: height } of this.#byTable.get(table) ?? []) {
      if (this.#rows.length < height) this.#rows = new Int32Array(height);
      if (this.#values.length < count * height) this.#values = new Float32Array(count * height);
      const rows = this.#rows;
      const values = this.#values;
      this.#read(rows, height, offset);
      this.#read(values, count * height, offset + (1 + first) * height * CELL_BYTES);
      for (let column = 0; column < count; column++) {
        const from = column * height;
        const to = column * this.rowCount;
        for (let i = 0; i < height; i++) into[to + rows[i]!] = values[from + i]!;
      }
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(target: Int32Array | Float32Array, length: number, position: number): void {
    const bytes = bytesOf(target, length);
    for (let done = 0; done < bytes.length; ) {
      const read = readSync(this.#descriptor, bytes, done, bytes.length - done, position + done);
      if (read === 0) throw new RangeError(`spool ${position + done} lies beyond the end of the file`);
      done += read;
    }
  }
}

/** Rows to columns, in tiles that stay in the cache. */
function transpose(values: Float32Array, rows: number, width: number, into: Float32Array): void {
  for (let start = 0; start < rows; start += TILE_ROWS) {
    const end = Math.min(rows, start + TILE_ROWS);
    for (let column = 0; column < width; column++) {
      const to = column * rows;
      for (let row = start; row < end; row++) into[to + row] = values[row * width + column]!;
    }
  }
}

function bytesOf(array: Int32Array | Float32Array, length: number): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, length * CELL_BYTES);
}
