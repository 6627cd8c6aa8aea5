import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Lists, StatementBatch } from '../../warehouse.js';
import { markedText } from '../rest-batch.js';
import type { ArrowColumn } from './arrow-message.js';
import { BatchMemory } from './batch-memory.js';

const WORD = 2 ** 32;
/** The upper words of whole numbers that a double holds exactly. */
const MAX_UPPER_WORD = 2 ** 21;

/** A record batch of the Storage Read API, rows in the order in which it sent them. */
export class ArrowBatch implements StatementBatch {
  reading = 1;

  constructor(
    readonly rows: number,
    private readonly columns: ReadonlyMap<string, ArrowColumn>,
    private readonly memory = new BatchMemory(),
  ) {}

  integers(column: string): Float64Array {
    const { buffers, nulls, type } = this.#column(column);
    if (nulls > 0) throw new OnescanError('DATA_LOSS', `BigQuery sent NULL in column ${column}`);
    if (type === 'int32') {
      return Float64Array.from(
        new Int32Array(this.#copy(`${column} words`, buffers[1]!, this.rows * 4), 0, this.rows),
      );
    }
    const words = new Int32Array(this.#copy(`${column} words`, buffers[1]!, this.rows * 8));
    const values = this.memory.doubles(`${column} values`, this.rows);
    for (let i = 0; i < this.rows; i++) {
      const upper = words[2 * i + 1]!;
      if (upper >= MAX_UPPER_WORD || upper < -MAX_UPPER_WORD) throw tooLarge(column);
      values[i] = upper * WORD + (words[2 * i]! >>> 0);
    }
    return values;
  }

  numberLists(column: string): Lists<Float64Array> {
    const { offsets, first, child } = this.#list(column);
    const count = offsets[this.rows]!;
    const bytes = child.buffers[1]!.subarray(first * 8);
    return { offsets, values: new Float64Array(this.#copy(`${column} values`, bytes, count * 8), 0, count) };
  }

  textLists(column: string): Lists<readonly (string | null)[]> {
    const { offsets, first, child } = this.#list(column);
    const count = offsets[this.rows]!;
    // Arrow allows the offsets of no values to be left out.
    if (count === 0) return { offsets, values: [] };
    const ends = new Int32Array(
      this.#copy(`${column} ends`, child.buffers[1]!.subarray(first * 4), (count + 1) * 4),
    );
    const bytes = child.buffers[2]!;
    if (ends[count]! > bytes.length) throw cutOff();
    const texts = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const values = Array.from({ length: count }, (_, i) =>
      markedText(texts.toString('utf8', ends[i], ends[i + 1])),
    );
    return { offsets, values };
  }

  /** Offsets from zero, and the position of the batch's first value in the child. */
  #list(column: string): { offsets: Uint32Array; first: number; child: ArrowColumn } {
    const { buffers, child } = this.#column(column);
    if (!child) throw new RangeError(`column ${column} holds no lists`);
    if (child.nulls > 0) throw new OnescanError('DATA_LOSS', `BigQuery sent NULL in a list of ${column}`);
    if (this.rows === 0) return { offsets: new Uint32Array(1), first: 0, child: noValues(child) };
    const copy = this.#copy(`${column} offsets`, buffers[1]!, (this.rows + 1) * 4);
    const offsets = new Uint32Array(copy, 0, this.rows + 1);
    const first = offsets[0]!;
    return { offsets: first === 0 ? offsets : offsets.map((offset) => offset - first), first, child };
  }

  #copy(name: string, bytes: Uint8Array, length: number): ArrayBuffer {
    if (bytes.byteLength < length) throw cutOff();
    return this.memory.copy(name, bytes, length);
  }

  #column(name: string): ArrowColumn {
    const column = this.columns.get(name);
    if (!column) throw new RangeError(`the statement has no column ${name}`);
    return column;
  }
}

function noValues(child: ArrowColumn): ArrowColumn {
  return { ...child, buffers: child.buffers.map(() => new Uint8Array(4)) };
}

function cutOff(): OnescanError {
  return new OnescanError('DATA_LOSS', 'BigQuery sent a record batch that is cut off');
}

function tooLarge(column: string): OnescanError {
  return new OnescanError('DATA_LOSS', `BigQuery sent a number in column ${column} that is too large`);
}
