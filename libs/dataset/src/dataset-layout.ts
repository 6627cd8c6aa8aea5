/** Feature columns a block table: many narrow tables write and read several times faster than a wide one. */
export const BLOCK_COLUMNS = 250;

export const META_TABLE = '_meta';
export const COLUMNS_TABLE = '_columns';
/** Keys, bar ordinals, targets, persistence and known parts, one row a sampled key. */
export const ROWS_TABLE = '_rows';
/** Columns that are not included because of their values, and the rows where values were infinite: dataset-reserve.ts. */
export const WITHHELD_TABLE = '_withheld';
export const INFINITIES_TABLE = '_infinities';
/** All columns by feature id, for ad-hoc SQL. */
export const FEATURES_VIEW = 'features';
export const KEY_COLUMN = 'interval_time';
export const BAR_COLUMN = 'bar';
export const PERSISTENCE_COLUMN = 'persistence';

/** Table that holds the columns at positions [250 i, 250 i + 250) of the matrix. */
export function blockTable(block: number): string {
  return `block_${String(block).padStart(3, '0')}`;
}

/** The same for withheld columns. */
export function withheldTable(block: number): string {
  return `withheld_${String(block).padStart(3, '0')}`;
}

/** Name, within its block table, of the column at a position of the matrix. */
export function matrixColumn(position: number): string {
  return `f${position}`;
}

/** Column of {@link ROWS_TABLE} with the target of a horizon. */
export function targetValueColumn(horizon: number): string {
  return `target_h${horizon}`;
}

/** Column of {@link ROWS_TABLE} with the already-known part of the target of a horizon. */
export function knownPartColumn(horizon: number): string {
  return `known_h${horizon}`;
}

/** Number of block tables for `included` columns. */
export function blockCount(included: number): number {
  return Math.ceil(included / BLOCK_COLUMNS);
}

/** An SQL identifier in quotes. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An SQL string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
