import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { Lists, StatementBatch } from '../../warehouse.js';
import { markedText, PART } from '../rest-batch.js';
import type { ArrowColumn } from './arrow-message.js';

/** A record batch of the Storage Read API. */
export class ArrowBatch implements StatementBatch {
  /** Rows of a packed statement by part: the service mixes them. */
  readonly #order: Uint32Array | undefined;

  constructor(
    readonly rows: number,
    private readonly columns: ReadonlyMap<string, ArrowColumn>,
  ) {
    this.#order = columns.has(PART) ? orderBy(this.#integers(PART)) : undefined;
  }

  integers(column: string): Float64Array {
    const values = this.#integers(column);
    return this.#order ? Float64Array.from(this.#order, (row) => values[row]!) : values;
  }

  #integers(column: string): Float64Array {
    const { buffers, nulls } = this.#column(column);
    if (nulls > 0) throw new OnescanError('DATA_LOSS', `BigQuery sent NULL in column ${column}`);
    return Float64Array.from(new BigInt64Array(aligned(buffers[1]!, this.rows * 8)), Number);
  }

  numberLists(column: string): Lists<Float64Array> {
    const { offsets, first, child } = this.#list(column);
    const bytes = child.buffers[1]!.subarray(first * 8);
    const values = new Float64Array(aligned(bytes, offsets[this.rows]! * 8));
    if (!this.#order) return { offsets, values };
    const ordered = this.#orderedOffsets(offsets);
    const moved = new Float64Array(values.length);
    this.#order.forEach((row, i) => {
      moved.set(values.subarray(offsets[row]!, offsets[row + 1]!), ordered[i]!);
    });
    return { offsets: ordered, values: moved };
  }

  textLists(column: string): Lists<readonly (string | null)[]> {
    const { offsets, first, child } = this.#list(column);
    const count = offsets[this.rows]!;
    const ends = new Int32Array(aligned(child.buffers[1]!.subarray(first * 4), (count + 1) * 4));
    const decoder = new TextDecoder();
    if (ends[count]! > child.buffers[2]!.length) throw cutOff();
    const values = Array.from({ length: count }, (_, i) =>
      markedText(decoder.decode(child.buffers[2]!.subarray(ends[i]!, ends[i + 1]!))),
    );
    if (!this.#order) return { offsets, values };
    const moved = Array.from(this.#order, (row) => values.slice(offsets[row], offsets[row + 1]));
    return { offsets: this.#orderedOffsets(offsets), values: moved.flat() };
  }

  #orderedOffsets(offsets: Uint32Array): Uint32Array {
    const ordered = new Uint32Array(offsets.length);
    this.#order!.forEach((row, i) => {
      ordered[i + 1] = ordered[i]! + offsets[row + 1]! - offsets[row]!;
    });
    return ordered;
  }

  /** Offsets from zero, and the position of the batch's first value in the child. */
  #list(column: string): { offsets: Uint32Array; first: number; child: ArrowColumn } {
    const { buffers, child } = this.#column(column);
    if (!child) throw new RangeError(`column ${column} holds no lists`);
    if (child.nulls > 0) throw new OnescanError('DATA_LOSS', `BigQuery sent NULL in a list of ${column}`);
    if (this.rows === 0) return { offsets: new Uint32Array(1), first: 0, child: noValues(child) };
    const offsets = new Uint32Array(aligned(buffers[1]!, (this.rows + 1) * 4));
    const first = offsets[0]!;
    return { offsets: first === 0 ? offsets : offsets.map((offset) => offset - first), first, child };
  }

  #column(name: string): ArrowColumn {
    const column = this.columns.get(name);
    if (!column) throw new RangeError(`the statement has no column ${name}`);
    return column;
  }
}

function orderBy(part: Float64Array): Uint32Array {
  return Uint32Array.from(part.keys()).sort((a, b) => part[a]! - part[b]! || a - b);
}

function noValues(child: ArrowColumn): ArrowColumn {
  return { ...child, buffers: child.buffers.map(() => new Uint8Array(4)) };
}

/** A copy: typed arrays need their alignment, and a message's memory is not kept for one column. */
function aligned(bytes: Uint8Array, length: number): ArrayBuffer {
  if (bytes.byteLength < length) throw cutOff();
  const copy = new ArrayBuffer(length);
  new Uint8Array(copy).set(bytes.subarray(0, length));
  return copy;
}

function cutOff(): OnescanError {
  return new OnescanError('DATA_LOSS', 'BigQuery sent a record batch that is cut off');
}
