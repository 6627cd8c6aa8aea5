/** Lengths of calendar cells, each of which divides the next: a minute up to four weeks, in milliseconds. */
export const CALENDAR_CELLS = [1, 5, 30, 60, 360, 1440, 10_080, 40_320].map((minutes) => 60_000 * minutes);

/** More cells than this are made longer ones. */
export const MOST_CELLS = 512;

/** What the rows of each cell of calendar time add to some means; cells begin at whole multiples of their length since 1970. */
export interface CalendarSums<Name extends string> {
  /** Milliseconds. */
  readonly cell: number;
  /** Number of the first cell: its begin over its length. */
  readonly first: number;
  /** By mean: one number a cell, zero where a cell has no row; zero in sum. */
  readonly sums: Readonly<Record<Name, Float64Array>>;
}

/**
 * Adds up influences by calendar time, in the shortest cells of which there are not too many, so that results of different
 * pairs and horizons can be resampled together.
 *
 * @param time epoch milliseconds of the rows, ascending
 * @param influences by mean: what each row adds to it, less what it would add if it were as the mean
 */
export function calendarSums<Name extends string>(
  time: Float64Array,
  influences: Readonly<Record<Name, Float64Array>>,
): CalendarSums<Name> {
  const [from, to] = [time[0]!, time.at(-1)!];
  const cellsOf = (cell: number) => Math.floor(to / cell) - Math.floor(from / cell) + 1;
  const cell = CALENDAR_CELLS.find((each) => cellsOf(each) <= MOST_CELLS) ?? CALENDAR_CELLS.at(-1)!;
  const first = Math.floor(from / cell);
  const added = Object.entries<Float64Array>(influences).map(([name, influence]) => {
    const sums = new Float64Array(cellsOf(cell));
    influence.forEach((own, row) => {
      sums[Math.floor(time[row]! / cell) - first]! += own;
    });
    return [name, sums];
  });
  return { cell, first, sums: Object.fromEntries(added) as Record<Name, Float64Array> };
}
