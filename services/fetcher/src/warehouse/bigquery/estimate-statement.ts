import { tableText } from '../../catalogue/catalogue.js';
import type { Statement, StatementEstimate } from '../warehouse.js';
import type { TableReference } from './api-answers.js';
import type { BigQueryApi } from './bigquery-api.js';
import { billedBound } from './billed-bound.js';
import type { MetadataSnapshot } from './metadata-snapshot.js';
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
