import { datasetName } from '../../sql/bigquery/quoted-names.js';
import type { CatalogueColumn, CatalogueTable } from '../warehouse.js';
import { columnKind } from './column-kind.js';

/** Answers a metadata query with rows of texts. */
export type Query = (sql: string) => Promise<(string | null)[][]>;

export interface CataloguedTables {
  tables: CatalogueTable[];
  /** Partitioning column by "dataset.table". */
  partitionedBy: Map<string, string>;
}

/** `type` of __TABLES__ for a table; views and external tables have no row count. */
const PLAIN_TABLE = '1';

/**
 * Tables, columns, row counts and times of last change of datasets with two queries, whatever their number.
 * Row counts come from __TABLES__, since INFORMATION_SCHEMA.PARTITIONS refuses more than 1,000 tables.
 */
export async function readTables(
  query: Query,
  project: string,
  datasets: readonly string[],
): Promise<CataloguedTables> {
  const from = (select: string, view: string): string =>
    datasets.map((dataset) => `${select} FROM ${datasetName(project, dataset)}.${view}`).join(' UNION ALL ');
  const columnRows = await query(
    from(
      'SELECT table_schema, table_name, column_name, data_type, is_partitioning_column, ordinal_position',
      'INFORMATION_SCHEMA.COLUMNS',
    ),
  );
  const tableRows = await query(
    from('SELECT dataset_id, table_id, row_count, last_modified_time, type', '__TABLES__'),
  );
  const columns = new Map<string, (CatalogueColumn & { position: number })[]>();
  const partitionedBy = new Map<string, string>();
  for (const [dataset, table, name, type, partitioning, position] of columnRows as string[][]) {
    const id = `${dataset}.${table}`;
    const column = { name: name!, type: type!, kind: columnKind(type!), position: Number(position) };
    columns.set(id, [...(columns.get(id) ?? []), column]);
    if (partitioning === 'YES') partitionedBy.set(id, name!);
  }
  const tables = tableRows.map(([dataset, table, rows, changed, type]) => ({
    schema: dataset!,
    name: table!,
    rows: type === PLAIN_TABLE ? Number(rows) : -1,
    version: `${changed}`,
    columns: inOrder(columns.get(`${dataset}.${table}`) ?? []),
  }));
  tables.sort((a, b) => compare(a.schema, b.schema) || compare(a.name, b.name));
  return { tables, partitionedBy };
}

function inOrder(columns: readonly (CatalogueColumn & { position: number })[]): CatalogueColumn[] {
  return columns
    .toSorted((a, b) => a.position - b.position)
    .map(({ name, type, kind }) => ({ name, type, kind }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
