export const TARGET_HORIZONS = [15, 30, 45, 60, 75, 90, 105];
/** Horizons below the window of 45 bars have a part that is known. */
export const OVERLAP_HORIZONS = [15, 30];

/** Part 0 carries bar, persistence, targets and known parts. */
export const SAMPLE_WIDTH = 2 + TARGET_HORIZONS.length + OVERLAP_HORIZONS.length;
const MINUTE_MICROS = 60_000_000;
const MINUTES_PER_ROW = 37;
const START_MICROS = Date.UTC(2020, 0, 1) * 1000;
/** Every so many values one is missing. */
const MISSING_EVERY = 8;

/** Columns of each of `tables` tables, `columns` in all. */
export function tableWidths(columns, tables) {
  return Array.from(
    { length: tables },
    (_, i) => Math.floor(((i + 1) * columns) / tables) - Math.floor((i * columns) / tables),
  );
}

/** Key of a row of the sample in epoch microseconds: every 37th minute. */
export function keyOf(row) {
  return START_MICROS + row * MINUTES_PER_ROW * MINUTE_MICROS;
}

/** The value of a cell; part 0 is the sample. What was written can be compared with it. */
export function cellValue(part, column, row) {
  // The bar's ordinal: it ascends with the key.
  if (part === 0 && column === 0) return row * MINUTES_PER_ROW;
  const mixed = Math.imul(row + 1, 0x9e3779b1) ^ Math.imul(part * 4096 + column + 1, 0x85ebca6b);
  if (part > 0 && (mixed >>> 3) % MISSING_EVERY === 0) return Number.NaN;
  return (mixed | 0) / 2 ** 24;
}

/**
 * Place of a row of the statement's result: neighbours belong to different tables, as hundreds of workers
 * deliver them, and rows come in no order.
 */
export function placeOf(position, rows, parts) {
  const part = position % parts;
  const step = Math.floor(position / parts);
  return { part, row: (step * 7919 + part * 104_729) % rows };
}
