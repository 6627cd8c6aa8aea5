import type { DuckDBConnection } from '@duckdb/node-api';
import type { CatalogueColumn, TableName } from '../../catalogue/catalogue.js';
import { columnKind } from '../duckdb/column-kind.js';

/** A table or view by name, before any of its rows is looked at. */
export interface NamedTable extends TableName {
  readonly columns: readonly CatalogueColumn[];
  /** How it was created, as DuckDB writes it. */
  readonly definition: string;
  readonly isView: boolean;
}

/** Put before every name: what decodes texts drops a U+FEFF that one begins with. */
const MARK = '.';

const BYTE_ORDER_MARK = '\uFEFF';
/** The name of a feature begins with that of its table, and goes through many hands. */
const LOST_NAME = 'the name of its table begins with U+FEFF, which whatever reads names takes away';

/** Names, columns and definitions of all tables and views, sorted by schema and name, without reading a row. */
export async function readNames(connection: DuckDBConnection): Promise<NamedTable[]> {
  const own = 'NOT internal AND database_name = current_database()';
  const rows = async (sql: string): Promise<unknown[][]> => (await connection.runAndReadAll(sql)).getRows();
  const marked = (...names: string[]): string => names.map((name) => `'${MARK}' || ${name}`).join(', ');
  const tables = new Map<string, Omit<NamedTable, 'columns'> & { columns: CatalogueColumn[] }>();
  for (const [schema, table, sql, isView] of await rows(
    `SELECT ${marked('schema_name', 'table_name')}, sql, false FROM duckdb_tables() WHERE ${own} UNION ALL
     SELECT ${marked('schema_name', 'view_name')}, sql, true FROM duckdb_views() WHERE ${own} ORDER BY 1, 2`,
  )) {
    tables.set(JSON.stringify([schema, table]), {
      schema: unmarked(schema),
      name: unmarked(table),
      columns: [],
      definition: String(sql),
      isView: isView === true,
    });
  }
  for (const [schema, table, column, type] of await rows(
    `SELECT ${marked('schema_name', 'table_name', 'column_name')}, data_type FROM duckdb_columns() WHERE ${own}
     ORDER BY schema_name, table_name, column_index`,
  )) {
    const problem = String(table).startsWith(`${MARK}${BYTE_ORDER_MARK}`) ? LOST_NAME : undefined;
    tables.get(JSON.stringify([schema, table]))?.columns.push({
      name: unmarked(column),
      type: String(type),
      kind: columnKind(String(type)),
      ...(problem === undefined ? {} : { problem }),
    });
  }
  return [...tables.values()];
}

function unmarked(name: unknown): string {
  return String(name).slice(MARK.length);
}
