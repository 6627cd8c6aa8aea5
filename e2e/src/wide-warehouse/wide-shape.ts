/** A pair's universe of made-up values, as wide as wanted. */
export interface WideShape {
  /** Keys of each pair. */
  readonly rows: number;
  readonly columns: number;
  readonly tables: number;
  /** How many of the columns belong to a group that all pairs share, default none. */
  readonly sharedColumns?: number;
  /** Keys that the second pair has later than the first, default none. */
  readonly laterKeys?: number;
}

export interface WideTable {
  readonly name: string;
  /** Its columns are c0, c1, ...; this is the number of c0 in the universe. */
  readonly first: number;
  readonly width: number;
}

/** The mandated universe: 3,813 columns of the pair, 2,664 that all pairs share. */
export const FULL_WIDTH: WideShape = { rows: 80_000, columns: 6477, tables: 668 };
export const FULL_SHARED_COLUMNS = 2664;

/** With keys of their own each, so that what is shared has more rows than either. */
export const WIDE_PAIRS = ['eurusd', 'gbpusd'] as const;
export const WIDE_HORIZONS: readonly number[] = [15, 30, 45, 60, 75, 90, 105];
export const MINUTE_MS = 60_000;
export const START_MS = Date.UTC(2020, 0, 1);

const SCALE = 1000;
const MODULUS = 2_000_003;
const PERIOD = 1009;
/** Every so many values one is missing. */
const MISSING_EVERY = 8;
/** Column numbers of targets lie beyond those of features. */
const TARGETS_FROM = 10_000;

/** Tables in the order of their names: those of the first pair, then those of the shared group. */
export function wideTables({ columns, tables, sharedColumns = 0 }: WideShape): WideTable[] {
  const ofPair = columns - sharedColumns;
  const pairTables = Math.round((tables * ofPair) / columns);
  const own = spread(ofPair, pairTables).map((table, t) => ({ ...table, name: `f${text(t)}_eurusd` }));
  const shared = spread(sharedColumns, tables - pairTables).map(({ first, width }, t) => ({
    ...{ first: ofPair + first, width },
    name: `tri_${text(t)}`,
  }));
  return [...own, ...shared];
}

/** The value of a feature in the row of a minute; NaN where it is missing. */
export function wideCell(column: number, minute: number): number {
  return (Math.imul(minute, 5) + column) % MISSING_EVERY === 0 ? Number.NaN : mixed(column, minute) / SCALE;
}

/** The value of a target in the row of a minute. */
export function wideTarget(horizon: number, minute: number): number {
  return mixed(TARGETS_FROM + horizon, minute) / SCALE;
}

/** {@link wideCell} as DuckDB's SQL over the minute "i". */
export function wideCellSql(column: number): string {
  return `CASE WHEN (i * 5 + ${column}) % ${MISSING_EVERY} <> 0 THEN ${mixedSql(column)} / ${SCALE} END`;
}

export function wideTargetSql(horizon: number): string {
  return `${mixedSql(TARGETS_FROM + horizon)} / ${SCALE}`;
}

/** Whole numbers below 2 ** 31 all the way. */
function mixed(column: number, minute: number): number {
  const wave = Math.imul(minute % PERIOD, Math.imul(column, 37) + 11);
  return (wave + Math.imul(minute, 7919) + Math.imul(column, 50_021)) % MODULUS;
}

function mixedSql(column: number): string {
  return `((i % ${PERIOD}) * ${column * 37 + 11} + i * 7919 + ${column * 50_021}) % ${MODULUS}`;
}

function spread(columns: number, tables: number): { first: number; width: number }[] {
  const start = (table: number): number => Math.floor((table * columns) / tables);
  return Array.from({ length: tables }, (_, t) => ({ first: start(t), width: start(t + 1) - start(t) }));
}

function text(table: number): string {
  return String(table).padStart(3, '0');
}
