import { type TableName, tableText } from '../../catalogue/catalogue.js';
import type { Statement, StatementEstimate, TableRead } from '../warehouse.js';
import type { TableReference } from './api-answers.js';
import type { BigQueryApi } from './bigquery-api.js';
import type { MetadataSnapshot } from './metadata-snapshot.js';
import { MIN_TABLE_BYTES } from './published-terms.js';
import { requireFewTables, requireWithinLimits } from './require-within-limits.js';

/** Accuracies of a dry run whose bytes are a bound. */
const BOUNDING = new Set(['PRECISE', 'UPPER_BOUND']);

/**
 * What a statement bills at most, by a dry run: BigQuery bills the minimum for every table that it reads, so the tables
 * below views, which the dry run names, count too.
 *
 * @throws OnescanError FAILED_PRECONDITION beyond BigQuery's limits
 */
export async function estimateStatement(
  api: Pick<BigQueryApi, 'dryRun' | 'project'>,
  statement: Statement,
  snapshot: Pick<MetadataSnapshot, 'rowsOf'>,
): Promise<StatementEstimate> {
  requireWithinLimits(statement);
  const { bytes, tables, accuracy } = await api.dryRun(statement.sql);
  const named = new Set(statement.reads.map(({ table }) => tableText(table)));
  const read = new Set(tables.map((table) => idOf(table, api.project)));
  requireFewTables(read.size);
  const below = [...read].filter((id) => !named.has(id));
  const bound = billedBound(bytes, statement.reads, (table) => snapshot.rowsOf(table), below);
  return accuracy === '' || BOUNDING.has(accuracy) ? { bytes: bound } : { bytes: bound, accuracy };
}

function idOf({ projectId, datasetId, tableId }: TableReference, project: string): string {
  const id = tableText({ schema: datasetId, name: tableId });
  return projectId === project ? id : `${projectId}.${id}`;
}

/** Whole ones are billed. */
const MIB = 1024n * 1024n;

/** A TIMESTAMP's logical bytes; the key is never NULL. */
const KEY_BYTES = 8n;

/**
 * Bytes that a statement bills at most. A dry run tells the bytes that are processed but neither the minimum
 * of 10 MiB a table nor the rounding up to whole MiB. A table read whole whose key column alone exceeds the
 * minimum needs no allowance; any other gets all that it may lack.
 *
 * @param processed bytes of the dry run
 * @param rowsOf rows of a table, negative when unknown
 * @param below tables that the dry run names beside those of `reads`, which are read through views
 */
export function billedBound(
  processed: bigint,
  reads: readonly TableRead[],
  rowsOf: (table: TableName) => number,
  below: readonly string[] = [],
): bigint {
  const sure = new Map<string, bigint>(below.map((id) => [id, 0n]));
  for (const { table, range } of reads) {
    const whole = range.from === undefined && range.to === undefined && range.days === undefined;
    const bytes = whole ? KEY_BYTES * BigInt(Math.max(0, rowsOf(table))) : 0n;
    const id = tableText(table);
    if (bytes >= (sure.get(id) ?? 0n)) sure.set(id, bytes);
  }
  let total = processed;
  for (const bytes of sure.values()) {
    const lack = MIN_TABLE_BYTES - bytes;
    total += lack > MIB ? lack : MIB;
  }
  return ((total + MIB - 1n) / MIB) * MIB;
}
