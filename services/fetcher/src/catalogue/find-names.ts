import type { Catalogue, CatalogueColumn, CatalogueTable } from './catalogue.js';

/** True when two names are the same column: neither BigQuery nor DuckDB tells their case apart. */
export function isSameName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}

/** A table of a schema; one whose name is in another case when there is none in this, as DuckDB would take it. */
export function findTable(
  { tables }: Pick<Catalogue, 'tables'>,
  schema: string,
  name: string,
): CatalogueTable | undefined {
  const own = tables.filter((table) => table.schema === schema);
  return own.find((table) => table.name === name) ?? own.find((table) => isSameName(table.name, name));
}

/** A table's column of a name, in whatever case. */
export function findColumn(
  { columns }: Pick<CatalogueTable, 'columns'>,
  name: string,
): CatalogueColumn | undefined {
  return columns.find((column) => isSameName(column.name, name));
}

/** The key column that a table lacks, or that has another type. */
export interface KeyProblem {
  readonly key: string;
  readonly type?: string;
}

/** Why a table of a catalogue has no key to be read by; undefined when it has one. */
export function keyProblem(
  table: Pick<CatalogueTable, 'columns'>,
  keyColumn: string,
  { isKeyType }: Pick<Catalogue, 'isKeyType'>,
): KeyProblem | undefined {
  const key = findColumn(table, keyColumn);
  if (!key) return { key: keyColumn };
  return isKeyType(key.type) ? undefined : { key: keyColumn, type: key.type };
}
