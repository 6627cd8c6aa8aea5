import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { asExclusion, type ExclusionReason, readStoredReason } from '@onescan/contract/reasons/reason.js';
import {
  DATASET_FORMAT_VERSION,
  type DatasetColumn,
  type DatasetMeta,
  SHARED_FORMAT_VERSION,
  SHARED_PAIR,
} from './dataset.js';
import { damagedDataset } from './dataset-damage.js';
import {
  BLOCK_COLUMNS,
  blockCount,
  blockTable,
  COLUMNS_TABLE,
  META_TABLE,
  ROWS_TABLE,
} from './dataset-layout.js';
import type { StoredType } from './feature-values.js';

/** DuckDB files start with three headers of 4 KiB; blocks follow. */
const FILE_HEADER_BYTES = 3 * 4096;

interface CatalogueSource {
  connection: DuckDBConnection;
  path: string;
  fileBytes: number;
}

/**
 * Reads `_meta` and `_columns` and checks that the tables they speak of are there, with the recorded number
 * of rows and columns, and that no block of the file is missing.
 */
export async function readCatalogue(
  source: CatalogueSource,
): Promise<{ meta: DatasetMeta; columns: DatasetColumn[] }> {
  await checkFileSize(source);
  const meta = await readMeta(source);
  const columns = await readColumns(source.connection);
  await checkTables(source, meta, columns);
  return { meta, columns };
}

async function checkFileSize({ connection, path, fileBytes }: CatalogueSource): Promise<void> {
  const [size] = await rowObjects(connection, 'SELECT block_size, total_blocks FROM pragma_database_size()');
  const expected = FILE_HEADER_BYTES + Number(size?.block_size) * Number(size?.total_blocks);
  if (fileBytes >= expected) return;
  throw damagedDataset(
    path,
    `it is ${fileBytes} bytes long where its header needs ${expected}: it is cut off`,
  );
}

async function readMeta({ connection, path }: CatalogueSource): Promise<DatasetMeta> {
  const [version] = await rowObjects(connection, `SELECT format_version FROM ${META_TABLE}`);
  if (![DATASET_FORMAT_VERSION, SHARED_FORMAT_VERSION].includes(Number(version?.format_version))) {
    throw new OnescanError(
      'FAILED_PRECONDITION',
      `dataset file ${path} has format ${version?.format_version}, this Onescan reads ${DATASET_FORMAT_VERSION} and ${SHARED_FORMAT_VERSION}`,
      { remedy: 'Remove it with `onescan cache evict` and run again to fetch it anew', details: { path } },
    );
  }
  const rows = await rowObjects(connection, `SELECT * FROM ${META_TABLE}`);
  const row = rows[0];
  if (rows.length !== 1 || !row) throw damagedDataset(path, `${META_TABLE} has ${rows.length} rows`);
  if (row.status !== 'complete') throw damagedDataset(path, `its status is "${row.status}"`);
  return {
    formatVersion: Number(row.format_version),
    datasetId: String(row.dataset_id),
    pair: String(row.pair),
    rows: Number(row.row_count),
    targetWindow: Number(row.target_window),
    horizons: JSON.parse(String(row.horizons)) as number[],
    overlapHorizons: JSON.parse(String(row.overlap_horizons)) as number[],
    from: String(row.first_key),
    to: String(row.last_key),
    sql: String(row.sql),
    jobId: String(row.job_id),
    bytesBilled: BigInt(String(row.bytes_billed)),
    usd: Number(row.usd),
    contentSha256: String(row.content_sha256),
    status: String(row.status),
    createdAt: String(row.created_at),
    identity: String(row.identity),
    ...(row.derived_from ? { derivedFrom: String(row.derived_from) } : {}),
    ...(row.shared_dataset_id
      ? {
          shared: {
            datasetId: String(row.shared_dataset_id),
            contentSha256: String(row.shared_content_sha256),
          },
        }
      : {}),
  };
}

async function readColumns(connection: DuckDBConnection): Promise<DatasetColumn[]> {
  const rows = await rowObjects(connection, `SELECT * FROM ${COLUMNS_TABLE} ORDER BY ordinal`);
  return rows.map((row) => ({
    featureId: String(row.feature_id),
    group: String(row.feature_group),
    type: String(row.type),
    encoding: String(row.encoding),
    stored: String(row.stored) as StoredType | '',
    included: row.included === true,
    exclusionStage: String(row.exclusion_stage),
    nullShare: Number(row.null_share),
    min: Number(row.min),
    max: Number(row.max),
    mean: Number(row.mean),
    deviation: Number(row.deviation),
    infinite: Number(row.infinite_values),
    contentSha256: String(row.content_sha256),
    ...(row.included === true ? {} : { exclusion: readExclusion(row) }),
    ...(row.shared_position == null ? {} : { sharedPosition: Number(row.shared_position) }),
  }));
}

/** Files of earlier versions have the sentence alone. */
function readExclusion(row: Record<string, unknown>): ExclusionReason {
  const stored = (value: unknown): string | undefined => (value == null ? undefined : String(value));
  return asExclusion(
    readStoredReason({
      code: stored(row.exclusion_code),
      facts: stored(row.exclusion_facts),
      text: String(row.exclusion_reason),
    }),
  );
}

async function checkTables(
  { connection, path }: CatalogueSource,
  meta: DatasetMeta,
  columns: readonly DatasetColumn[],
): Promise<void> {
  const tables = new Map(
    (
      await rowObjects(connection, 'SELECT table_name, estimated_size, column_count FROM duckdb_tables()')
    ).map((row) => [
      String(row.table_name),
      { rows: Number(row.estimated_size), columns: Number(row.column_count) },
    ]),
  );
  const included = columns.filter((column) => column.included && column.sharedPosition === undefined).length;
  const rowColumns = meta.pair === SHARED_PAIR ? 1 : 3 + meta.horizons.length + meta.overlapHorizons.length;
  const expect = [{ name: ROWS_TABLE, columns: rowColumns }];
  for (let block = 0; block < blockCount(included); block++) {
    const width = Math.min(BLOCK_COLUMNS, included - block * BLOCK_COLUMNS);
    expect.push({ name: blockTable(block), columns: width + 1 });
  }
  for (const { name, columns: width } of expect) {
    const table = tables.get(name);
    if (!table) throw damagedDataset(path, `table ${name} is missing`);
    if (table.rows !== meta.rows || table.columns !== width) {
      throw damagedDataset(
        path,
        `table ${name} has ${table.rows} rows x ${table.columns} columns where ${meta.rows} x ${width} are recorded`,
      );
    }
  }
}

async function rowObjects(connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJS();
}
