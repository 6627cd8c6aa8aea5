/** What a column's values are, whatever the warehouse calls their type. */
export type ColumnKind = 'number' | 'bool' | 'text' | 'time' | 'other';

export interface CatalogueColumn {
  readonly name: string;
  /** Type as the warehouse names it. */
  readonly type: string;
  readonly kind: ColumnKind;
  /** Why no statement can read it. */
  readonly problem?: string;
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface CatalogueTable extends TableName {
  /** Negative when unknown, as of a view. */
  readonly rows: number;
  readonly columns: readonly CatalogueColumn[];
  /** Why it cannot be read, as what follows its name: "cannot be read: ..."; nothing but its columns is known then. */
  readonly problem?: string;
  /** First and last key in epoch microseconds; undefined without a key or without rows. */
  readonly minKey?: number;
  readonly maxKey?: number;
  /** Changes whenever the table's data may have changed; absent when the catalogue's fingerprint says so. */
  readonly version?: string;
}

/** Which tables have to be known in full; of others names and columns will do. */
export type TableFilter = (table: Pick<CatalogueTable, 'schema' | 'name' | 'columns'>) => boolean;

export interface Catalogue {
  /** Sorted by schema, then name. */
  readonly tables: readonly CatalogueTable[];
  /** Identity of the data beyond the tables' shapes, e.g. the hash of a manifest; empty when there is none. */
  readonly fingerprint: string;
  /** True for the types of columns that can be a table's key. */
  isKeyType(type: string): boolean;
}

/** Half-open range of keys in epoch microseconds; an absent bound is open. */
export interface KeyRange {
  readonly from?: number;
  readonly to?: number;
  /** When given, only keys of these UTC days, "2020-01-31". */
  readonly days?: readonly string[];
}

/** First and last key in epoch microseconds. */
export interface KeySpan {
  readonly minKey: number;
  readonly maxKey: number;
}

export interface DayCount {
  /** UTC day, "2020-01-31". */
  readonly day: string;
  readonly rows: number;
}

export interface DoubledKey {
  readonly table: TableName;
  /** Epoch microseconds. */
  readonly key: number;
  readonly times: number;
}

/** "schema.table". */
export function tableText(table: TableName): string {
  return `${table.schema}.${table.name}`;
}
