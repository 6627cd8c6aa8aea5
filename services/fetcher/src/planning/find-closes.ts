import type { PlanNote } from '@onescan/shared/generated/onescan/v1/plan.js';
import type { Catalogue } from '../catalogue/catalogue.js';
import { findColumn, findTable, keyProblem } from '../catalogue/find-names.js';
import type { WarehouseNames } from '../catalogue/warehouse-names.js';
import { planNote } from '../notes/plan-note.js';
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
  const lost = (problem: string): { notes: PlanNote[] } => ({
    notes: [planNote('no overlap baseline', `${problem}: the overlap baseline cannot be computed`)],
  });
  const table = findTable(catalogue, featureSchema, wanted);
  const column = table && findColumn(table, closesColumn);
  if (!table || !column) return lost(`${pair} has no ${wanted}.${closesColumn}`);
  if (column.kind !== 'number') return lost(`${table.name}.${column.name} is ${column.type}, not a number`);
  const problem = table.problem ?? keyProblem(table, keyColumn, catalogue);
  if (problem !== undefined) return lost(`${table.name} ${problem}`);
  return { closes: { table: { schema: table.schema, name: table.name }, column: column.name }, notes: [] };
}
