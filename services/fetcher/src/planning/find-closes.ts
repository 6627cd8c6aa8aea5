import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { ReasonFacts } from '@onescan/contract/reasons/reason.js';
import type { Catalogue } from '../catalogue/catalogue.js';
import { findColumn, findTable, keyProblem } from '../catalogue/find-names.js';
import type { WarehouseNames } from '../catalogue/warehouse-names.js';
import type { FetchQuery } from '../sql/fetch-query.js';

/**
 * Finds the closing prices of a pair, from which the known part of targets is computed. Without them nothing else is
 * lost: there is a note instead.
 */
export function findCloses(
  catalogue: Catalogue,
  pair: string,
  { featureSchema, closesTable, closesColumn, keyColumn }: WarehouseNames,
): { closes?: NonNullable<FetchQuery['closes']>; notes: PlanNote[] } {
  const wanted = closesTable.replaceAll('{pair}', pair);
  const lost = (
    column: string,
    facts: Omit<ReasonFacts<'no_overlap_baseline'>, 'column'>,
  ): { notes: PlanNote[] } => ({
    notes: [planNote({ code: 'no_overlap_baseline', facts: { column, ...facts } })],
  });
  const table = findTable(catalogue, featureSchema, wanted);
  const column = table && findColumn(table, closesColumn);
  if (!table || !column) return lost(`${wanted}.${closesColumn}`, { problem: 'missing', pair });
  const featureId = `${table.name}.${column.name}`;
  if (column.kind !== 'number') return lost(featureId, { problem: 'not_a_number', type: column.type });
  const inTable = { table: table.name };
  if (table.problem !== undefined)
    return lost(featureId, { problem: 'unreadable', ...inTable, words: table.problem });
  const key = keyProblem(table, keyColumn, catalogue);
  if (key !== undefined) return lost(featureId, { problem: 'without_key', ...inTable, ...key });
  return { closes: { table: { schema: table.schema, name: table.name }, column: column.name }, notes: [] };
}
