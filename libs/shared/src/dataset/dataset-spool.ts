import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';

/** Some rows of one table of the spool: float32 values, column-major, at `offset` in the file. */
export interface SpoolSegment {
  table: number;
  offset: number;
  /** Row of the dataset for each row of the segment. */
  rows: Int32Array;
}

/** What another thread needs to read a spool; structured-cloneable. */
export interface SpoolIndex {
  path: string;
  segments: SpoolSegment[];
}

const FLOAT_BYTES = 4;

/**
 * Raw temporary file that takes arriving batches in any order: each batch is appended column-major, so any
 * range of columns can later be gathered with one read a batch and memory for just those columns.
 */
export class DatasetSpool {
  readonly #descriptor: number;
  readonly #segments: SpoolSegment[] = [];
  #end = 0;

  constructor(readonly path: string) {
    this.#descriptor = openSync(path, 'wx');
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#end;
  }

  /** Appends a batch: `values` holds the table's columns one after the other, each of `rows.length` values. */
  append(table: number, rows: Int32Array, values: Float32Array): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    let written = 0;
    while (written < bytes.length) {
      written += writeSync(this.#descriptor, bytes, written, bytes.length - written, this.#end + written);
    }
    this.#segments.push({ table, offset: this.#end, rows });
    this.#end += bytes.length;
  }

  index(): SpoolIndex {
    return { path: this.path, segments: this.#segments };
  }

  /** Closes and removes the file. */
  dispose(): void {
    closeSync(this.#descriptor);
    rmSync(this.path, { force: true });
  }
}

/** Gathers columns from a spool. */
export class SpoolReader {
  readonly #descriptor: number;
  readonly #byTable = new Map<number, SpoolSegment[]>();

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
    for (const segment of this.#byTable.get(table) ?? []) {
      const height = segment.rows.length;
      const part = new Float32Array(count * height);
      this.#read(part, segment.offset + first * height * FLOAT_BYTES);
      for (let column = 0; column < count; column++) {
        const from = column * height;
        const to = column * this.rowCount;
        for (let i = 0; i < height; i++) into[to + segment.rows[i]!] = part[from + i]!;
      }
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(target: Float32Array, position: number): void {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    let done = 0;
    while (done < bytes.length) {
      const read = readSync(this.#descriptor, bytes, done, bytes.length - done, position + done);
      if (read === 0) throw new RangeError(`spool ${position + done} lies beyond the end of the file`);
      done += read;
    }
  }
}
