/** Where rows are looked at by themselves: from an even hour of the day on for two hours, on a day of the week (0: Sunday), in UTC, or after small, middling or large moves. */
export interface SpanFacts {
  readonly hour?: number;
  readonly weekday?: number;
  readonly moves?: MoveSize;
}

/** Thirds of the rows by the size of bqx_W. */
export type MoveSize = (typeof MOVES)[number];

/** Rows that a leak may be confined to without showing in whole windows of time. */
export interface PartialSpan {
  readonly facts: SpanFacts;
  readonly has: (row: number) => boolean;
}

export const MOVES = ['small', 'middling', 'large'] as const;
/** Hours of a span of the clock. */
const HOURS = 2;
const HOUR_MS = 3_600_000;
const DAYS = 7;
/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = 4;

/**
 * Parts of all rows that come again and again: hours of the day, days of the week, and times after moves of some size. A leak that
 * acts in one of them alone is hidden among the other rows.
 *
 * @param time of every row, milliseconds since 1970
 * @param persistence bqx_W of every row; NaN: missing
 */
export function partialSpans(time: Float64Array, persistence: Float64Array): PartialSpan[] {
  const hours = Array.from({ length: 24 / HOURS }, (_, k): PartialSpan => {
    const hour = HOURS * k;
    return {
      facts: { hour },
      has: (row) =>
        Math.floor((time[row]! / HOUR_MS) % 24) - hour < HOURS &&
        Math.floor((time[row]! / HOUR_MS) % 24) >= hour,
    };
  });
  const weekdays = Array.from(
    { length: DAYS },
    (_, weekday): PartialSpan => ({
      facts: { weekday },
      has: (row) => (Math.floor(time[row]! / (24 * HOUR_MS)) + FIRST_WEEKDAY) % DAYS === weekday,
    }),
  );
  const sizes = persistence.map(Math.abs);
  const sorted = sizes.filter(Number.isFinite).sort();
  const bounds = [0, 1, 2, 3].map(
    (k) => sorted[Math.floor((k * sorted.length) / 3)] ?? Number.POSITIVE_INFINITY,
  );
  const moves = MOVES.map(
    (size, k): PartialSpan => ({
      facts: { moves: size },
      has: (row) => sizes[row]! >= bounds[k]! && sizes[row]! < bounds[k + 1]!,
    }),
  );
  return [...hours, ...weekdays, ...moves];
}
