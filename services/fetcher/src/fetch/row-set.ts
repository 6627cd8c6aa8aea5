/** A set of row numbers below a fixed bound, one bit each. */
export class RowSet {
  readonly #bits: Uint8Array;
  #size = 0;

  constructor(private readonly bound: number) {
    this.#bits = new Uint8Array(Math.ceil(bound / 8));
  }

  get size(): number {
    return this.#size;
  }

  /** False when the row was in the set already. Throws RangeError outside the bound. */
  add(row: number): boolean {
    if (!(row >= 0 && row < this.bound)) throw new RangeError(`row ${row} is not below ${this.bound}`);
    const bit = 1 << (row & 7);
    if ((this.#bits[row >> 3]! & bit) !== 0) return false;
    this.#bits[row >> 3]! |= bit;
    this.#size++;
    return true;
  }
}
