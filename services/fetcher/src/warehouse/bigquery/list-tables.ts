import { type CatalogueTable, tableText } from '../../catalogue/catalogue.js';
import type { TableResource } from './api-answers.js';
import type { BigQueryApi } from './bigquery-api.js';
import { columnKind } from './column-kind.js';
import type { CataloguedTables, TableState } from './read-tables.js';
import { nameProblem } from './sql/quoted-names.js';

/** Requests for tables under way at a time. */
const AT_A_TIME = 8;

/** Names of types in resources of tables that differ from those of SQL. */
const SQL_TYPES: Readonly<Record<string, string>> = {
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  RECORD: 'STRUCT',
};

export interface ListedTables {
  readonly states: Map<string, TableState>;
  readonly catalogued: CataloguedTables;
}

/**
 * Tables of some datasets with columns and state by the lists and resources of the REST API: free of charge and without
 * SQL, at a request a table. Tables that go meanwhile are left out.
 */
export async function listTables(
  api: Pick<BigQueryApi, 'listTables' | 'getTable' | 'exists'>,
  datasets: readonly string[],
): Promise<ListedTables> {
  const names = (await Promise.all(datasets.map((dataset) => api.listTables(dataset)))).flat();
  const states = new Map<string, TableState>();
  const tables: CatalogueTable[] = [];
  const partitionedBy = new Map<string, string>();
  for (let start = 0; start < names.length; start += AT_A_TIME) {
    const some = names.slice(start, start + AT_A_TIME);
    const read = some.map(async (name) => {
      let table: TableResource | undefined;
      await api.exists(async () => {
        table = await api.getTable(name);
      });
      return { name, table };
    });
    for (const { name, table } of await Promise.all(read)) {
      if (!table) continue;
      const described = describe({ schema: name.datasetId, name: name.tableId }, table);
      const id = tableText(described);
      const { rows, version = '' } = described;
      states.set(id, { dataset: name.datasetId, table: name.tableId, rows, lastModified: version });
      tables.push(described);
      const field = table.timePartitioning?.field;
      if (field !== undefined) partitionedBy.set(id, field);
    }
  }
  tables.sort((a, b) => (tableText(a) < tableText(b) ? -1 : 1));
  return { states, catalogued: { tables, partitionedBy } };
}

function describe(table: { schema: string; name: string }, resource: TableResource): CatalogueTable {
  const { type, numRows, lastModifiedTime, schema } = resource;
  const columns = (schema?.fields ?? []).map((field) => {
    const named = SQL_TYPES[field.type] ?? field.type;
    const sqlType = field.mode === 'REPEATED' ? `ARRAY<${named}>` : named;
    const problem = nameProblem(table.name, field.name);
    return { name: field.name, type: sqlType, kind: columnKind(sqlType), ...(problem ? { problem } : {}) };
  });
  // Views and external tables have no row count that is known.
  const rows = type === 'TABLE' && numRows !== undefined ? Number(numRows) : -1;
  return { ...table, rows, columns, version: lastModifiedTime ?? '' };
}
