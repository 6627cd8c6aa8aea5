import { ATTACHED, FEATURE_SCHEMA, KEY_COLUMN } from './schema.js';

export type ColumnType = 'FLOAT' | 'DOUBLE' | 'BIGINT' | 'BOOLEAN' | 'VARCHAR' | 'TIMESTAMP';

/** A column of a warehouse table: its name and the SQL expression that yields it. */
export interface Column {
  readonly name: string;
  readonly sql: string;
  readonly type: ColumnType;
}

export const float = (name: string, sql: string): Column => ({ name, sql, type: 'FLOAT' });
export const double = (name: string, sql: string): Column => ({ name, sql, type: 'DOUBLE' });
export const integer = (name: string, sql: string): Column => ({ name, sql, type: 'BIGINT' });
export const bool = (name: string, sql: string): Column => ({ name, sql, type: 'BOOLEAN' });
export const text = (name: string, sql: string): Column => ({ name, sql, type: 'VARCHAR' });
export const timestamp = (name: string, sql: string): Column => ({ name, sql, type: 'TIMESTAMP' });

/** a / b, NULL when b is zero (DuckDB would give infinity). */
export function quotient(a: string, b: string): string {
  return `(${a}) / nullif(${b}, 0)`;
}

/** A string literal; names of pairs and labels only, so no escaping is needed beyond the quote. */
export function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** The select list of a table: every expression cast to its type under its name. */
export function selectList(columns: readonly Column[]): string {
  return columns.map(({ name, sql, type }) => `CAST(${sql} AS ${type}) AS ${name}`).join(',\n  ');
}

/** `CREATE TABLE` of a feature table with the key first; `from` is everything after FROM. */
export function createFeatureTable(name: string, columns: readonly Column[], from: string): string {
  return `CREATE TABLE ${ATTACHED}.${FEATURE_SCHEMA}.${name} AS SELECT\n  ${KEY_COLUMN},\n  ${selectList(columns)}\nFROM ${from}`;
}
