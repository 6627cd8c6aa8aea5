import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { FeatureValues } from './feature-values.js';

/**
 * Some rows of one table of the spool, at `offset` in the file: their numbers as int32, then column after column, each
 * of float32, or of float64 where the column has a value here that is no float32. Each fills up 8 bytes.
 */
export interface SpoolSegment {
  table: number;
  offset: number;
  rows: number;
  /** Columns of float64; absent when there are none. */
  wide?: Uint8Array;
}

/** What another thread needs to read a spool; structured-cloneable. */
export interface SpoolIndex {
  path: string;
  segments: SpoolSegment[];
}

/** Values of some rows, row after row or column after column: value (r, c) is at r * rowStep + c * columnStep. */
interface Batch {
  values: FeatureValues;
  width: number;
  rowStep: number;
  columnStep: number;
}

const NARROW_BYTES = Float32Array.BYTES_PER_ELEMENT;
const WIDE_BYTES = Float64Array.BYTES_PER_ELEMENT;

/**
 * Raw temporary file that takes arriving batches in any order: each batch is appended column-major, so any
 * range of columns can later be gathered with one read a batch and memory for just those columns. No value is rounded.
 */
export class DatasetSpool {
  readonly #descriptor: number;
  readonly #segments: SpoolSegment[] = [];
  /** Used again for every batch. */
  #bytes = new ArrayBuffer();
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
  append(table: number, rows: Int32Array, values: FeatureValues): void {
    const width = rows.length === 0 ? 0 : values.length / rows.length;
    this.#append(table, rows, { values, width, rowStep: 1, columnStep: rows.length });
  }

  /** The same for values that come row after row, `width` a row; what follows the last row is not looked at. */
  appendRows(table: number, rows: Int32Array, width: number, values: Float64Array): void {
    this.#append(table, rows, { values, width, rowStep: width, columnStep: 1 });
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

  #append(table: number, rows: Int32Array, batch: Batch): void {
    const wide = wideColumns(batch, rows.length);
    const places = columnPlaces(rows.length, batch.width, wide);
    const size = places[batch.width]!;
    if (this.#bytes.byteLength < size) this.#bytes = new ArrayBuffer(size);
    new Int32Array(this.#bytes, 0, rows.length).set(rows);
    for (let column = 0; column < batch.width; column++) {
      const Type = wide?.[column] ? Float64Array : Float32Array;
      copyColumn(batch, column, new Type(this.#bytes, places[column]!, rows.length));
    }
    const segment = { table, offset: this.#end, rows: rows.length, ...(wide ? { wide } : {}) };
    this.#write(new Uint8Array(this.#bytes, 0, size));
    this.#segments.push(segment);
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

  #write(bytes: Uint8Array): void {
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
  /** Used again for every segment, and for every gathering. */
  #rows = new Int32Array();
  #bytes = new ArrayBuffer();
  #gathered = new ArrayBuffer();

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
   * Columns [first, first + count) of a table, each of `rowCount` values, NaN where no batch brought the row: float32
   * when all values are, else float64. Valid until the next call.
   */
  gather(table: number, first: number, count: number): FeatureValues[] {
    const segments = this.#byTable.get(table) ?? [];
    const columns = this.#emptyColumns(segments, first, count);
    for (const segment of segments) {
      const height = segment.rows;
      if (this.#rows.length < height) this.#rows = new Int32Array(height);
      const rows = this.#rows;
      this.#read(new Uint8Array(rows.buffer, 0, height * rows.BYTES_PER_ELEMENT), segment.offset);
      const places = columnPlaces(height, first + count, segment.wide);
      const start = places[first]!;
      const size = places[first + count]! - start;
      if (this.#bytes.byteLength < size) this.#bytes = new ArrayBuffer(size);
      this.#read(new Uint8Array(this.#bytes, 0, size), segment.offset + start);
      for (let i = 0; i < count; i++) {
        const Type = segment.wide?.[first + i] ? Float64Array : Float32Array;
        scatter(new Type(this.#bytes, places[first + i]! - start, height), rows, columns[i]!);
      }
    }
    return columns;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #emptyColumns(segments: readonly SpoolSegment[], first: number, count: number): FeatureValues[] {
    const widths = Array.from({ length: count }, (_, i) =>
      segments.some(({ wide }) => wide?.[first + i]) ? WIDE_BYTES : NARROW_BYTES,
    );
    const sizes = widths.map((bytes) => padded(bytes * this.rowCount));
    const size = sizes.reduce((sum, bytes) => sum + bytes, 0);
    if (this.#gathered.byteLength < size) this.#gathered = new ArrayBuffer(size);
    let place = 0;
    return widths.map((bytes, i) => {
      const Type = bytes === WIDE_BYTES ? Float64Array : Float32Array;
      const column = new Type(this.#gathered, place, this.rowCount);
      place += sizes[i]!;
      return column.fill(Number.NaN);
    });
  }

  #read(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      const read = readSync(this.#descriptor, bytes, done, bytes.length - done, position + done);
      if (read === 0) throw new RangeError(`spool ${position + done} lies beyond the end of the file`);
      done += read;
    }
  }
}

/** Columns with a value that is no float32; undefined when there are none. */
function wideColumns({ values, width, rowStep, columnStep }: Batch, rows: number): Uint8Array | undefined {
  if (values instanceof Float32Array) return undefined;
  const wide = new Uint8Array(width);
  let found = 0;
  for (let column = 0; column < width; column++) {
    let at = column * columnStep;
    let row = 0;
    for (; row < rows; row++, at += rowStep) {
      const value = values[at]!;
      if (Math.fround(value) !== value && !Number.isNaN(value)) break;
    }
    if (row === rows) continue;
    wide[column] = 1;
    found++;
  }
  return found > 0 ? wide : undefined;
}

/** Where each column of a segment starts, in bytes from its start, and last where the segment ends. */
function columnPlaces(rows: number, width: number, wide: Uint8Array | undefined): Float64Array {
  const places = new Float64Array(width + 1);
  places[0] = padded(rows * Int32Array.BYTES_PER_ELEMENT);
  for (let column = 0; column < width; column++) {
    places[column + 1] = places[column]! + padded(rows * (wide?.[column] ? WIDE_BYTES : NARROW_BYTES));
  }
  return places;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / WIDE_BYTES) * WIDE_BYTES;
}

function copyColumn({ values, rowStep, columnStep }: Batch, column: number, into: FeatureValues): void {
  for (let row = 0, at = column * columnStep; row < into.length; row++, at += rowStep)
    into[row] = values[at]!;
}

function scatter(values: FeatureValues, rows: Int32Array, into: FeatureValues): void {
  for (let i = 0; i < values.length; i++) into[rows[i]!] = values[i]!;
}
