/** A table of a FlatBuffer (flatbuffers.dev, internals), read field by field; absent fields are undefined. */
export class FlatTable {
  private constructor(
    private readonly data: DataView,
    private readonly at: number,
  ) {}

  /** The root table of a buffer. */
  static root(bytes: Uint8Array): FlatTable {
    const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(data, data.getUint32(0, true));
  }

  byte(field: number): number {
    const at = this.#field(field);
    return at === undefined ? 0 : this.data.getUint8(at);
  }

  int(field: number): number {
    const at = this.#field(field);
    return at === undefined ? 0 : this.data.getInt32(at, true);
  }

  long(field: number): number {
    const at = this.#field(field);
    return at === undefined ? 0 : Number(this.data.getBigInt64(at, true));
  }

  text(field: number): string {
    const at = this.#target(field);
    if (at === undefined) return '';
    const length = this.data.getUint32(at, true);
    const bytes = new Uint8Array(this.data.buffer, this.data.byteOffset + at + 4, length);
    return new TextDecoder().decode(bytes);
  }

  table(field: number): FlatTable | undefined {
    const at = this.#target(field);
    return at === undefined ? undefined : new FlatTable(this.data, at);
  }

  tables(field: number): FlatTable[] {
    const at = this.#target(field);
    if (at === undefined) return [];
    return Array.from({ length: this.data.getUint32(at, true) }, (_, i) => {
      const element = at + 4 + 4 * i;
      return new FlatTable(this.data, element + this.data.getUint32(element, true));
    });
  }

  /** A vector of structs of two 64-bit integers. */
  longPairs(field: number): [number, number][] {
    const at = this.#target(field);
    if (at === undefined) return [];
    return Array.from({ length: this.data.getUint32(at, true) }, (_, i) => {
      const element = at + 4 + 16 * i;
      const long = (offset: number): number => Number(this.data.getBigInt64(element + offset, true));
      return [long(0), long(8)];
    });
  }

  has(field: number): boolean {
    return this.#field(field) !== undefined;
  }

  /** Position of a field, by the table's list of field offsets. */
  #field(field: number): number | undefined {
    const fields = this.at - this.data.getInt32(this.at, true);
    const slot = 4 + 2 * field;
    if (slot >= this.data.getUint16(fields, true)) return undefined;
    const offset = this.data.getUint16(fields + slot, true);
    return offset === 0 ? undefined : this.at + offset;
  }

  #target(field: number): number | undefined {
    const at = this.#field(field);
    return at === undefined ? undefined : at + this.data.getUint32(at, true);
  }
}
