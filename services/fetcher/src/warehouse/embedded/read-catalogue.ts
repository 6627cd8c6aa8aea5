import type { DuckDBConnection } from '@duckdb/node-api';
import { name, tableName } from '../../sql/duckdb/duckdb-dialect.js';
import type { CatalogueColumn, CatalogueTable } from '../warehouse.js';
import { columnKind } from './column-kind.js';

/** Reads tables, columns, row counts and key ranges with two queries. */
export async function readTables(connection: DuckDBConnection, keyColumn: string): Promise<CatalogueTable[]> {
  const columns = await connection.runAndReadAll(
    `SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
     WHERE NOT internal AND database_name = current_database()
     ORDER BY schema_name, table_name, column_index`,
  );
  const tables = new Map<string, { schema: string; name: string; columns: CatalogueColumn[] }>();
  for (const [schema, table, column, type] of columns.getRows() as string[][]) {
    const id = `${schema}.${table}`;
    const entry = tables.get(id) ?? { schema: schema!, name: table!, columns: [] };
    entry.columns.push({ name: column!, type: type!, kind: columnKind(type!) });
    tables.set(id, entry);
  }
  return addRanges(connection, [...tables.values()], keyColumn);
}

async function addRanges(
  connection: DuckDBConnection,
  tables: readonly CatalogueTable[] | readonly Omit<CatalogueTable, 'rows'>[],
  keyColumn: string,
): Promise<CatalogueTable[]> {
  if (tables.length === 0) return [];
  const selects = tables.map((table, i) => {
    const hasKey = table.columns.some((column) => column.name === keyColumn && isTimestamp(column.type));
    const range = hasKey
      ? `epoch_us(min(${name(keyColumn)})), epoch_us(max(${name(keyColumn)}))`
      : 'NULL::BIGINT, NULL::BIGINT';
    return `SELECT ${i}, count(*), ${range} FROM ${tableName(table)}`;
  });
  const result = await connection.runAndReadAll(selects.join(' UNION ALL '));
  const ranges = new Map(result.getRows().map(([i, ...facts]) => [Number(i), facts]));
  return tables.map((table, i) => {
    const [rows, minKey, maxKey] = ranges.get(i)!;
    return {
      ...table,
      rows: Number(rows),
      ...(minKey === null ? {} : { minKey: Number(minKey) }),
      ...(maxKey === null ? {} : { maxKey: Number(maxKey) }),
    };
  });
}

function isTimestamp(type: string): boolean {
  return type.startsWith('TIMESTAMP');
}
