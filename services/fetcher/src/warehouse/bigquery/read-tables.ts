import type { CatalogueColumn, CatalogueTable } from '../../catalogue/catalogue.js';
import { columnKind } from './column-kind.js';
import { datasetName, nameProblem } from './sql/quoted-names.js';

/** Answers a metadata query with rows of texts. */
export type Query = (sql: string) => Promise<(string | null)[][]>;

export interface CataloguedTables {
  tables: CatalogueTable[];
  /** Partitioning column by "dataset.table". */
  partitionedBy: Map<string, string>;
}

/** What tells whether a table has changed. */
export interface TableState {
  readonly dataset: string;
  readonly table: string;
  /** Negative when unknown, as of a view. */
  readonly rows: number;
  /** Time of the last change of data or schema, in epoch milliseconds. */
  readonly lastModified: string;
}

/** `type` of __TABLES__ for a table; views and external tables have no row count. */
const PLAIN_TABLE = '1';

/** Names that no column of a user's may begin with; the view lists some, hidden and without a position. */
const PSEUDO_COLUMN = /^_(?:PARTITION|TABLE_|FILE_)/i;

/**
 * State of every table of some datasets by "dataset.table", with one query whatever their number. Row counts come
 * from __TABLES__, since INFORMATION_SCHEMA.PARTITIONS refuses more than 1,000 tables.
 */
export async function readTableStates(
  query: Query,
  project: string,
  datasets: readonly string[],
): Promise<Map<string, TableState>> {
  const select = 'SELECT dataset_id, table_id, row_count, last_modified_time, type';
  const rows = await query(
    ofEach(datasets, (dataset) => `${select} FROM ${datasetName(project, dataset)}.__TABLES__`),
  );
  return new Map(
    rows.map(([dataset, table, count, changed, type]) => [
      `${dataset}.${table}`,
      {
        dataset: dataset!,
        table: table!,
        rows: type === PLAIN_TABLE ? Number(count) : -1,
        lastModified: `${changed}`,
      },
    ]),
  );
}

/**
 * Tables of some datasets with their columns, with one query whatever their number. Pseudo-columns are left out.
 *
 * @param states read before: what changes meanwhile then looks changed the next time
 */
export async function readTables(
  query: Query,
  project: string,
  states: ReadonlyMap<string, TableState>,
  datasets: readonly string[],
): Promise<CataloguedTables> {
  const select =
    'SELECT table_schema, table_name, column_name, data_type, is_partitioning_column, ordinal_position';
  const rows = await query(
    ofEach(
      datasets,
      (dataset) => `${select} FROM ${datasetName(project, dataset)}.INFORMATION_SCHEMA.COLUMNS`,
    ),
  );
  const columns = new Map<string, (CatalogueColumn & { position: number })[]>();
  const partitionedBy = new Map<string, string>();
  for (const [dataset, table, name, type, partitioning, position] of rows) {
    if (position === null || PSEUDO_COLUMN.test(name!)) continue;
    const id = `${dataset}.${table}`;
    const problem = nameProblem(table!, name!);
    const described = { name: name!, type: type!, kind: columnKind(type!), ...(problem ? { problem } : {}) };
    const column = { ...described, position: Number(position) };
    const known = columns.get(id);
    if (known) known.push(column);
    else columns.set(id, [column]);
    if (partitioning === 'YES') partitionedBy.set(id, name!);
  }
  const tables = [...states].map(([id, state]) => ({
    schema: state.dataset,
    name: state.table,
    rows: state.rows,
    version: state.lastModified,
    columns: inOrder(columns.get(id) ?? []),
  }));
  tables.sort((a, b) => compare(a.schema, b.schema) || compare(a.name, b.name));
  return { tables, partitionedBy };
}

function ofEach(datasets: readonly string[], select: (dataset: string) => string): string {
  return datasets.map(select).join(' UNION ALL ');
}

function inOrder(columns: readonly (CatalogueColumn & { position: number })[]): CatalogueColumn[] {
  return columns.toSorted((a, b) => a.position - b.position).map(({ position: _, ...column }) => column);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
