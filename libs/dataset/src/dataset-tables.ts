import {
  BIGINT,
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  UBIGINT,
  VARCHAR,
} from '@duckdb/node-api';
import { reasonText, storedFacts } from '@onescan/contract/reasons/reason.js';
import {
  DATASET_FORMAT_VERSION,
  type DatasetColumn,
  SHARED_FORMAT_VERSION,
  SHARED_PAIR,
  type SharedReference,
} from './dataset.js';
import type { DatasetContent } from './dataset-content.js';
import {
  BLOCK_COLUMNS,
  blockCount,
  blockTable,
  COLUMNS_TABLE,
  FEATURES_VIEW,
  META_TABLE,
  matrixColumn,
  quoted,
  ROWS_TABLE,
} from './dataset-layout.js';
import type { NamedColumn } from './row-columns.js';

const MICROS_PER_MILLI = 1000n;

/** Creates the view that shows the row table and all columns of this file by feature id. */
export async function writeFeaturesView(
  connection: DuckDBConnection,
  columns: readonly DatasetColumn[],
  rows: readonly NamedColumn[],
): Promise<void> {
  const included = columns.filter((column) => column.included && column.sharedPosition === undefined);
  const shown = rows.map(({ name }) => `${ROWS_TABLE}.${quoted(name)}`);
  included.forEach((column, position) => {
    const table = blockTable(Math.floor(position / BLOCK_COLUMNS));
    shown.push(`${table}.${matrixColumn(position)} AS ${quoted(column.featureId)}`);
  });
  const tables = [ROWS_TABLE];
  for (let block = 0; block < blockCount(included.length); block++) tables.push(blockTable(block));
  await connection.run(
    `CREATE VIEW ${FEATURES_VIEW} AS SELECT ${shown.join(', ')} FROM ${tables.join(' POSITIONAL JOIN ')}`,
  );
}

interface CatalogueContent {
  content: DatasetContent;
  columns: readonly DatasetColumn[];
  contentSha256: string;
  shared: SharedReference | undefined;
}

/** Writes `_columns` and, last of all, `_meta`, in one transaction. */
export async function writeCatalogueTables(
  connection: DuckDBConnection,
  file: CatalogueContent,
): Promise<void> {
  await connection.run('BEGIN TRANSACTION');
  await writeColumns(connection, file);
  await writeMeta(connection, file);
  await connection.run('COMMIT');
}

async function writeColumns(
  connection: DuckDBConnection,
  { columns, shared }: CatalogueContent,
): Promise<void> {
  await connection.run(`CREATE TABLE ${COLUMNS_TABLE} (
    ordinal INTEGER, feature_id VARCHAR, feature_group VARCHAR, type VARCHAR, encoding VARCHAR, stored VARCHAR,
    included BOOLEAN, position INTEGER, exclusion_stage VARCHAR, exclusion_reason VARCHAR, exclusion_code VARCHAR, exclusion_facts VARCHAR,
    null_share DOUBLE, min DOUBLE, max DOUBLE, mean DOUBLE, deviation DOUBLE, infinite_values INTEGER,
    content_sha256 VARCHAR${shared ? ', shared_position INTEGER' : ''})`);
  const appender = await connection.createAppender(COLUMNS_TABLE);
  let position = 0;
  columns.forEach((column, ordinal) => {
    appender.appendInteger(ordinal);
    for (const text of [column.featureId, column.group, column.type, column.encoding, column.stored])
      appender.appendVarchar(text);
    appender.appendBoolean(column.included);
    if (column.included) appender.appendInteger(position++);
    else appender.appendNull();
    appender.appendVarchar(column.exclusionStage);
    for (const text of exclusionTexts(column)) appender.appendVarchar(text);
    for (const value of [column.nullShare, column.min, column.max, column.mean, column.deviation])
      appender.appendDouble(value);
    appender.appendInteger(column.infinite);
    appender.appendVarchar(column.contentSha256);
    if (shared) appendPosition(appender, column.sharedPosition);
    appender.endRow();
  });
  appender.closeSync();
}

/** The sentence for people, the code and its facts; empty for included columns. */
function exclusionTexts({ exclusion }: DatasetColumn): readonly string[] {
  if (exclusion === undefined) return ['', '', ''];
  return [reasonText(exclusion), exclusion.code, storedFacts(exclusion)];
}

function appendPosition(appender: DuckDBAppender, position: number | undefined): void {
  if (position === undefined) appender.appendNull();
  else appender.appendInteger(position);
}

async function writeMeta(
  connection: DuckDBConnection,
  { content, contentSha256, shared }: CatalogueContent,
): Promise<void> {
  const { keys } = content;
  const isPlain = shared === undefined && content.pair !== SHARED_PAIR;
  const values: Record<string, readonly [DuckDBValue, DuckDBType]> = {
    format_version: [isPlain ? DATASET_FORMAT_VERSION : SHARED_FORMAT_VERSION, INTEGER],
    dataset_id: [content.datasetId, VARCHAR],
    pair: [content.pair, VARCHAR],
    row_count: [BigInt(keys.length), BIGINT],
    target_window: [content.targetWindow, INTEGER],
    horizons: [JSON.stringify(content.targets.map(({ horizon }) => horizon)), VARCHAR],
    overlap_horizons: [JSON.stringify(content.knownParts.map(({ horizon }) => horizon)), VARCHAR],
    first_key: [rfc3339(keys[0]), VARCHAR],
    last_key: [rfc3339(keys[keys.length - 1]), VARCHAR],
    identity: [content.identity, VARCHAR],
    sql: [content.sql, VARCHAR],
    job_id: [content.jobId, VARCHAR],
    bytes_billed: [content.bytesBilled, UBIGINT],
    usd: [content.usd, DOUBLE],
    created_at: [content.createdAt, VARCHAR],
    content_sha256: [contentSha256, VARCHAR],
    status: ['complete', VARCHAR],
    ...(content.derivedFrom === undefined ? {} : { derived_from: [content.derivedFrom, VARCHAR] }),
    ...(isPlain
      ? {}
      : {
          shared_dataset_id: [shared?.datasetId ?? '', VARCHAR],
          shared_content_sha256: [shared?.contentSha256 ?? '', VARCHAR],
        }),
  };
  const entries = Object.entries(values);
  const expressions = entries.map(([name, [, type]], i) => `CAST($${i + 1} AS ${type}) AS ${name}`);
  await connection.run(
    `CREATE TABLE ${META_TABLE} AS SELECT ${expressions.join(', ')}`,
    entries.map(([, [value]]) => value),
  );
}

function rfc3339(micros: bigint | undefined): string {
  return micros === undefined ? '' : new Date(Number(micros / MICROS_PER_MILLI)).toISOString();
}
