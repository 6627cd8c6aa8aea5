/** A set of row numbers below a fixed bound, one bit each up to the highest. */
export class RowSet {
  #bits = new Uint8Array(1024);
  #size = 0;
  #end = 0;

  constructor(private readonly bound: number) {}

  /** One more than the highest row; 0 when there is none. */
  get end(): number {
    return this.#end;
  }

  get size(): number {
    return this.#size;
  }

  /** The row itself. Throws RangeError when it is not a number that the set can hold. */
  requireInBound(row: number): number {
    if (row >= 0 && row < this.bound) return row;
    throw new RangeError(`row ${row} is not below ${this.bound}`);
  }

  /** False when the row was in the set already. Throws RangeError outside the bound. */
  add(row: number): boolean {
    this.requireInBound(row);
    if (row >> 3 >= this.#bits.length) this.#grow(row >> 3);
    const bit = 1 << (row & 7);
    if ((this.#bits[row >> 3]! & bit) !== 0) return false;
    this.#bits[row >> 3]! |= bit;
    this.#size++;
    this.#end = Math.max(this.#end, row + 1);
    return true;
  }

  #grow(byte: number): void {
    const bits = new Uint8Array(Math.max(byte + 1, 2 * this.#bits.length));
    bits.set(this.#bits);
    this.#bits = bits;
  }
}
