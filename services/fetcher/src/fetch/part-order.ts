/** Rows of a batch: those at `positions[start]` to `positions[end - 1]`. */
export interface RowRange {
  readonly positions: Uint32Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Puts the rows of a packed batch in order of their part: what belongs to one table is then taken in one go,
 * with the table's memory at hand, however the warehouse has mixed the tables.
 */
export class PartOrder {
  /** Those of part 0 first. */
  #positions = new Uint32Array();
  /** Part p has the positions from `#starts[p]` to `#starts[p + 1]`. */
  readonly #starts: Uint32Array;

  /** @param parts how many there are */
  constructor(private readonly parts: number) {
    this.#starts = new Uint32Array(parts + 1);
  }

  /** Positions in the batch of the rows of a part, valid until the next {@link sort}. */
  rowsOf(part: number): RowRange {
    return { positions: this.#positions, start: this.#starts[part]!, end: this.#starts[part + 1]! };
  }

  /** @throws RangeError for a part that there is not */
  sort(part: Float64Array, rows: number): void {
    const starts = this.#starts;
    starts.fill(0);
    for (let i = 0; i < rows; i++) {
      if (!(part[i]! >= 0 && part[i]! < this.parts && Number.isInteger(part[i])))
        throw new RangeError(`there is no part ${part[i]}`);
      starts[part[i]!]!++;
    }
    // Ends first, which become starts as the positions are put before them from behind.
    for (let p = 1; p <= this.parts; p++) starts[p]! += starts[p - 1]!;
    if (this.#positions.length < rows) this.#positions = new Uint32Array(rows);
    for (let i = rows - 1; i >= 0; i--) this.#positions[--starts[part[i]!]!] = i;
  }
}
