/** What a bar has besides its time, in the order in which the columns are passed on. */
export const VALUES = ['open', 'high', 'low', 'close', 'volume'] as const;

export type ValueColumn = (typeof VALUES)[number];

/** The values of one bar in the order of {@link VALUES}. */
export type BarValues = readonly [number, number, number, number, number];

const FIRST_CAPACITY = 4096;

/** The bars of one pair, a column each, growing as they are read. An empty value is NaN. */
export class BarColumns {
  rows = 0;
  /** Open of the bar in microseconds since 1970: exact, being below 2^53 until the year 2255. */
  time: Float64Array = new Float64Array(FIRST_CAPACITY);
  values: readonly Float64Array[] = VALUES.map(() => new Float64Array(FIRST_CAPACITY));

  push(time: number, values: BarValues): void {
    if (this.rows === this.time.length) this.grow();
    this.time[this.rows] = time;
    for (const [i, column] of this.values.entries()) column[this.rows] = values[i]!;
    this.rows++;
  }

  column(name: ValueColumn): Float64Array {
    return this.values[VALUES.indexOf(name)]!;
  }

  private grow(): void {
    const doubled = (column: Float64Array): Float64Array => {
      const larger = new Float64Array(column.length * 2);
      larger.set(column);
      return larger;
    };
    this.time = doubled(this.time);
    this.values = this.values.map(doubled);
  }
}

/** Bars as they were read, and where in the file each stands: `line 14` of a text, `bar 13` of a Parquet file. */
export interface ReadBars {
  readonly columns: BarColumns;
  readonly placeOf: (row: number) => string;
}
