import type { BigQuery, QueryResultsOptions, QueryRowsResponse } from '@google-cloud/bigquery';
import { bigQueryDialect } from '@onescan/fetcher/sql/bigquery/bigquery-dialect.js';
import type { Cell } from '@onescan/fetcher/warehouse/bigquery/api-answers.js';
import { readTableStates, readTables } from '@onescan/fetcher/warehouse/bigquery/read-tables.js';
import { RestBatch } from '@onescan/fetcher/warehouse/bigquery/rest-batch.js';
import type { ResultTransport } from '@onescan/fetcher/warehouse/bigquery/result-transport.js';
import { StorageReader } from '@onescan/fetcher/warehouse/bigquery/storage/storage-reader.js';
import type {
  Catalogue,
  RunningStatement,
  Statement,
  StatementBatch,
  Warehouse,
} from '@onescan/fetcher/warehouse/warehouse.js';

/** Emulators do not tell what a statement would bill: enough for any. */
const ALLOWED_BYTES = 10n ** 12n;
/** A row as the REST API sends it. */
type Row = { readonly f: readonly Cell[] };

const ONCE = { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 };

export interface EmulatorWarehouseOptions {
  project: string;
  datasets: readonly string[];
  client: BigQuery;
  location: string;
  /** Dataset in which results are put: emulators do not let anonymous ones be read. */
  resultsDataset: string;
  results: ResultTransport;
  storageAddress: string;
  nullForNan: boolean;
  /** The same tables. */
  embedded: Warehouse;
}

/**
 * Plans on an emulator as on BigQuery: columns by INFORMATION_SCHEMA of the emulator, statements in GoogleSQL.
 * What no emulator has comes from the embedded warehouse: `__TABLES__`, and rows by day.
 */
export function emulatorWarehouse(options: EmulatorWarehouseOptions): Warehouse {
  const { project, embedded } = options;
  return {
    kind: 'bigquery',
    name: `bigquery:${project}`,
    dialect: bigQueryDialect(project),
    readCatalogue: () => readCatalogue(options),
    countsWholeDays: embedded.countsWholeDays,
    countDays: (table, range) => embedded.countDays(table, range),
    findDoubledKeys: async () => [],
    dryRun: async () => ({ bytes: ALLOWED_BYTES }),
    run: (statement, { jobId }) => runStatement(options, statement, jobId),
    close: async () => undefined,
  };
}

async function runStatement(
  options: EmulatorWarehouseOptions,
  statement: Statement,
  jobId: string,
): Promise<RunningStatement> {
  const { client, location, project, resultsDataset, results, storageAddress } = options;
  const rest = await queryRows(client, { query: statement.sql, location }, options.nullForNan);
  const bytesBilled = (): bigint => 0n;
  if (results === 'rest') return { batches: once(rest), bytesBilled };
  const tableId = jobId.replaceAll('-', '_');
  const name = `\`${project}\`.\`${resultsDataset}\`.\`${tableId}\``;
  await client.query({ query: `CREATE TABLE ${name} AS ${statement.sql}`, location });
  const table = { projectId: project, datasetId: resultsDataset, tableId };
  return {
    batches: new StorageReader(project, ONCE, { emulator: storageAddress }).read(table, rest.rows),
    bytesBilled,
  };
}

/** The rows of a query as the REST API sends them. */
async function queryRows(
  client: BigQuery,
  query: { query: string; location: string },
  nullForNan: boolean,
): Promise<RestBatch> {
  const [job] = await client.createQueryJob(query);
  const rows: Row[] = [];
  let next: QueryResultsOptions | null | undefined = { autoPaginate: false, skipParsing: true };
  let names: string[] = [];
  while (next) {
    const answer: QueryRowsResponse = await job.getQueryResults(next);
    rows.push(...(nullForNan ? answer[0].map(withNan) : answer[0]));
    next = answer[1];
    names = answer[2]!.schema!.fields!.map((field) => field.name!);
  }
  return new RestBatch(rows, new Map(names.map((name, i) => [name, i])));
}

/** A row with the NaNs of its lists put back. */
function withNan({ f }: Row): Row {
  return {
    f: f.map(({ v }) => ({ v: Array.isArray(v) ? v.map((cell: Cell) => ({ v: cell.v ?? 'NaN' })) : v })),
  };
}

async function* once(batch: StatementBatch): AsyncGenerator<StatementBatch, void, undefined> {
  yield batch;
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
    return rows.map((row: object) =>
      Object.values(row).map((value) => `${value}`.replace(/^DOUBLE$/, 'FLOAT64')),
    );
  };
  const states = await readTableStates(query, project, datasets);
  const { tables } = await readTables(query, project, states, datasets);
  return { tables, fingerprint: `bigquery:${project}` };
}
