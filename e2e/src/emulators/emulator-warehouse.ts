import type { BigQuery } from '@google-cloud/bigquery';
import { bigQueryDialect } from '@onescan/fetcher/sql/bigquery/bigquery-dialect.js';
import { readTables } from '@onescan/fetcher/warehouse/bigquery/read-tables.js';
import type {
  Catalogue,
  RunningStatement,
  RunOptions,
  Statement,
  Warehouse,
} from '@onescan/fetcher/warehouse/warehouse.js';

/** Emulators do not tell what a statement would bill: enough for any. */
const ALLOWED_BYTES = 10n ** 12n;

export interface EmulatorWarehouseOptions {
  project: string;
  datasets: readonly string[];
  client: BigQuery;
  location: string;
  /** Runs the statements. */
  bigQuery: Warehouse;
  /** The same tables. */
  embedded: Warehouse;
}

/**
 * Plans on an emulator as on BigQuery: columns by INFORMATION_SCHEMA of the emulator, statements in GoogleSQL.
 * What no emulator has comes from the embedded warehouse: `__TABLES__`, and rows by day.
 */
export function emulatorWarehouse(options: EmulatorWarehouseOptions): Warehouse {
  const { project, embedded, bigQuery } = options;
  return {
    kind: 'bigquery',
    name: `bigquery:${project}`,
    dialect: bigQueryDialect(project),
    readCatalogue: () => readCatalogue(options),
    countDays: (table, range) => embedded.countDays(table, range),
    findDoubledKeys: async () => [],
    dryRun: async () => ({ bytes: ALLOWED_BYTES }),
    run: (statement: Statement, run: RunOptions): Promise<RunningStatement> => bigQuery.run(statement, run),
    close: async () => undefined,
  };
}

async function readCatalogue(options: EmulatorWarehouseOptions): Promise<Catalogue> {
  const { project, datasets, client, location, embedded } = options;
  const query = async (sql: string): Promise<(string | null)[][]> => {
    if (sql.includes('__TABLES__')) {
      const { tables } = await embedded.readCatalogue();
      return tables.map(({ schema, name, rows }) => [schema, name, `${rows}`, '0', '1']);
    }
    const [rows] = await client.query({ query: sql, location });
    // goccy names FLOAT64 by another of its names.
    return rows.map((row: object) => Object.values(row).map((value) => `${value}`.replace(/^DOUBLE$/, 'FLOAT64')));
  };
  const { tables } = await readTables(query, project, datasets);
  return { tables, fingerprint: `bigquery:${project}` };
}
