import type { DuckDBConnection } from '@duckdb/node-api';
import { bigQueryType } from './bigquery-type.js';
import { metadataTable, quote, WAREHOUSE } from './translate-sql.js';

/** When every table was last written, until a test changes it. */
const CREATED_MS = Date.UTC(2025, 10, 1);

/**
 * Creates what answers INFORMATION_SCHEMA.COLUMNS, TABLES, PARTITIONS and __TABLES__ of every dataset. A
 * table with a TIMESTAMP key counts as partitioned by its day; of views no rows and no partitions are known.
 */
export async function createMetadataTables(
  connection: DuckDBConnection,
  facts: { project: string; keyColumn: string; views: ReadonlySet<string> },
): Promise<void> {
  const rows = await connection.runAndReadAll(
    `SELECT schema_name, table_name, column_name, data_type, column_index FROM duckdb_columns()
     WHERE database_name = '${WAREHOUSE}' ORDER BY ALL`,
  );
  const columns = rows.getRows().map(([schema, table, column, type, position]) => ({
    schema: String(schema),
    table: String(table),
    column: String(column),
    type: String(type),
    position: Number(position),
  }));
  // Column names have no case.
  const isKey = (column: string): boolean => column.toLowerCase() === facts.keyColumn.toLowerCase();
  for (const dataset of new Set(columns.map(({ schema }) => schema))) {
    const own = columns.filter(({ schema }) => schema === dataset);
    const tables = [...new Set(own.map(({ table }) => table))];
    const partitioned = new Set(
      own
        .filter((c) => isKey(c.column) && bigQueryType(c.type) === 'TIMESTAMP')
        .map(({ table }) => table)
        .filter((table) => !facts.views.has(`${dataset}.${table}`)),
    );
    await insert(
      connection,
      metadataTable(dataset, 'INFORMATION_SCHEMA.COLUMNS'),
      COLUMNS,
      own.map((c) => [
        facts.project,
        dataset,
        c.table,
        c.column,
        c.position,
        bigQueryType(c.type),
        partitioned.has(c.table) && isKey(c.column) ? 'YES' : 'NO',
        'NO',
      ]),
    );
    await insert(
      connection,
      metadataTable(dataset, 'INFORMATION_SCHEMA.TABLES'),
      TABLES,
      tables.map((table) => [
        facts.project,
        dataset,
        table,
        facts.views.has(`${dataset}.${table}`) ? 'VIEW' : 'BASE TABLE',
      ]),
    );
    await createCounts(connection, { ...facts, dataset, tables, partitioned });
  }
}

const COLUMNS =
  'table_catalog VARCHAR, table_schema VARCHAR, table_name VARCHAR, column_name VARCHAR, ordinal_position BIGINT, data_type VARCHAR, is_partitioning_column VARCHAR, is_hidden VARCHAR';
const TABLES = 'table_catalog VARCHAR, table_schema VARCHAR, table_name VARCHAR, table_type VARCHAR';

async function createCounts(
  connection: DuckDBConnection,
  facts: {
    project: string;
    dataset: string;
    keyColumn: string;
    tables: string[];
    partitioned: Set<string>;
    views: ReadonlySet<string>;
  },
): Promise<void> {
  const { project, dataset, tables, partitioned, views, keyColumn } = facts;
  const isView = (table: string): boolean => views.has(`${dataset}.${table}`);
  const from = (table: string): string => `${WAREHOUSE}.${quote(dataset)}.${quote(table)}`;
  const counts = tables.map((table) => {
    const names = `${text(project)} AS project_id, ${text(dataset)} AS dataset_id, ${text(table)} AS table_id`;
    const times = `${CREATED_MS} AS creation_time, ${CREATED_MS} AS last_modified_time`;
    const rows = isView(table)
      ? 'CAST(NULL AS BIGINT) AS row_count, 2 AS type'
      : `count(*) AS row_count, 1 AS type FROM ${from(table)}`;
    return `SELECT ${names}, ${times}, ${rows}`;
  });
  await connection.run(
    `CREATE TABLE ${quote(metadataTable(dataset, '__TABLES__'))} AS ${counts.join(' UNION ALL ')}`,
  );
  const partitions = tables
    .filter((table) => !isView(table))
    .map((table) => {
      const day = partitioned.has(table)
        ? `coalesce(strftime(${quote(keyColumn)}, '%Y%m%d'), '__NULL__')`
        : 'CAST(NULL AS VARCHAR)';
      return `SELECT ${text(project)} AS table_catalog, ${text(dataset)} AS table_schema, ${text(table)} AS table_name,
      ${day} AS partition_id, count(*) AS total_rows FROM ${from(table)} GROUP BY partition_id`;
    });
  const name = quote(metadataTable(dataset, 'INFORMATION_SCHEMA.PARTITIONS'));
  await connection.run(`CREATE TABLE ${name} AS ${partitions.join(' UNION ALL ')}`);
}

async function insert(
  connection: DuckDBConnection,
  table: string,
  columns: string,
  rows: readonly (readonly (string | number)[])[],
): Promise<void> {
  const values = rows.map((row) => `(${row.map((v) => (typeof v === 'number' ? v : text(v))).join(', ')})`);
  await connection.run(`CREATE TABLE ${quote(table)} (${columns})`);
  await connection.run(`INSERT INTO ${quote(table)} VALUES ${values.join(', ')}`);
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
