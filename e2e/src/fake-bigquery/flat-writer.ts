/** A field's value in a FlatBuffer: a number of some width, or what it points to. */
export type FlatValue =
  | { byte: number }
  | { short: number }
  | { int: number }
  | { long: number }
  | { text: string }
  | { table: FlatFields }
  | { tables: readonly FlatFields[] }
  | { longPairs: readonly (readonly [number, number])[] };

/** Values by field number. */
export type FlatFields = Readonly<Record<number, FlatValue>>;

const GROW = 1 << 16;

/** Writes a FlatBuffer (flatbuffers.dev, internals) front to back: every offset points forward. */
export function writeFlatBuffer(root: FlatFields): Uint8Array {
  const writer = new FlatWriter();
  writer.reserve(4);
  writer.point(0, writer.table(root));
  return writer.bytes();
}

class FlatWriter {
  #data = new DataView(new ArrayBuffer(GROW));
  #size = 0;

  bytes(): Uint8Array {
    this.#align(8, 0);
    return new Uint8Array(this.#data.buffer, 0, this.#size);
  }

  reserve(bytes: number): number {
    const at = this.#size;
    this.#size += bytes;
    if (this.#size > this.#data.byteLength) {
      const grown = new Uint8Array(2 * this.#size + GROW);
      grown.set(new Uint8Array(this.#data.buffer));
      this.#data = new DataView(grown.buffer);
    }
    return at;
  }

  /** Makes the offset at a position point to a later one. */
  point(at: number, to: number): void {
    this.#data.setUint32(at, to - at, true);
  }

  table(fields: FlatFields): number {
    const entries = Object.entries(fields).map(([field, value]) => ({ field: Number(field), value }));
    const slots = Math.max(-1, ...entries.map(({ field }) => field)) + 1;
    // Widest first, from a multiple of eight on, so that each lies on a multiple of its width.
    entries.sort((a, b) => widthOf(b.value) - widthOf(a.value));
    this.#align(2, 0);
    const list = this.reserve(4 + 2 * slots);
    this.#align(8, 4);
    const table = this.reserve(4);
    this.#data.setInt32(table, table - list, true);
    const places = entries.map(({ field, value }) => {
      const at = this.reserve(widthOf(value));
      this.#data.setUint16(list + 4 + 2 * field, at - table, true);
      return { at, value };
    });
    this.#data.setUint16(list, 4 + 2 * slots, true);
    this.#data.setUint16(list + 2, this.#size - table, true);
    for (const { at, value } of places) this.#write(at, value);
    return table;
  }

  #write(at: number, value: FlatValue): void {
    if ('byte' in value) this.#data.setUint8(at, value.byte);
    else if ('short' in value) this.#data.setInt16(at, value.short, true);
    else if ('int' in value) this.#data.setInt32(at, value.int, true);
    else if ('long' in value) this.#data.setBigInt64(at, BigInt(value.long), true);
    else if ('text' in value) this.point(at, this.#text(value.text));
    else if ('table' in value) this.point(at, this.table(value.table));
    else if ('tables' in value) this.point(at, this.#tables(value.tables));
    else this.point(at, this.#longPairs(value.longPairs));
  }

  #text(text: string): number {
    const bytes = new TextEncoder().encode(text);
    this.#align(4, 0);
    const at = this.reserve(4 + bytes.length + 1);
    this.#data.setUint32(at, bytes.length, true);
    new Uint8Array(this.#data.buffer).set(bytes, at + 4);
    return at;
  }

  #tables(tables: readonly FlatFields[]): number {
    this.#align(4, 0);
    const at = this.reserve(4 + 4 * tables.length);
    this.#data.setUint32(at, tables.length, true);
    tables.forEach((fields, i) => {
      this.point(at + 4 + 4 * i, this.table(fields));
    });
    return at;
  }

  #longPairs(pairs: readonly (readonly [number, number])[]): number {
    this.#align(8, 4);
    const at = this.reserve(4 + 16 * pairs.length);
    this.#data.setUint32(at, pairs.length, true);
    pairs.flat().forEach((value, i) => {
      this.#data.setBigInt64(at + 4 + 8 * i, BigInt(value), true);
    });
    return at;
  }

  #align(width: number, remainder: number): void {
    while (this.#size % width !== remainder) this.reserve(1);
  }
}

function widthOf(value: FlatValue): number {
  if ('long' in value) return 8;
  if ('byte' in value) return 1;
  return 'short' in value ? 2 : 4;
}
