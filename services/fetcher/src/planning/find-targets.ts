import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { DEFAULT_HORIZONS, targetColumn } from '@onescan/contract/horizon.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { keyProblemText } from '@onescan/contract/reasons/exclusion-reasons.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { type Catalogue, type CatalogueTable, tableText } from '../catalogue/catalogue.js';
import { findColumn, findTable, keyProblem } from '../catalogue/find-names.js';
import type { WarehouseNames } from '../catalogue/warehouse-names.js';
import type { FetchQuery } from '../sql/fetch-query.js';

export interface FoundTargets {
  readonly table: CatalogueTable;
  readonly targets: NonNullable<FetchQuery['targets']>;
  readonly notes: readonly PlanNote[];
}

/**
 * Finds the targets table of a pair and its columns: the requested horizons, and the default ones so that
 * one fetch serves later runs too.
 *
 * @throws OnescanError NOT_FOUND naming the table, key or column that is missing and where it was looked for
 */
export function findTargets(
  catalogue: Catalogue,
  pair: string,
  spec: ResolvedRunSpec,
  names: WarehouseNames,
): FoundTargets {
  const table = requireTable(catalogue, pair, names);
  requireKey(catalogue, table, names);
  const numbers = { columns: table.columns.filter((column) => column.kind === 'number') };
  const wanted = [...new Set([...spec.horizons, ...DEFAULT_HORIZONS])].sort((a, b) => a - b);
  const columns = wanted.map((horizon) => {
    const column = targetColumn(spec.targetWindow, horizon);
    return { horizon, column, stored: findColumn(numbers, column)?.name };
  });
  const missing = columns.filter(({ stored }) => stored === undefined);
  const fatal = missing.filter(({ horizon }) => spec.horizons.includes(horizon));
  if (fatal.length > 0) throw missingColumns(table, fatal, numbers);
  return {
    table,
    targets: {
      table: { schema: table.schema, name: table.name },
      window: spec.targetWindow,
      columns: columns.flatMap(({ horizon, stored }) =>
        stored === undefined ? [] : [{ horizon, column: stored }],
      ),
    },
    notes: missing.map(({ column }) =>
      planNote({ code: 'target_not_stored', facts: { table: tableText(table), column } }),
    ),
  };
}

function requireTable(catalogue: Catalogue, pair: string, names: WarehouseNames): CatalogueTable {
  const name = names.targetsTable.replaceAll('{pair}', pair);
  const table = findTable(catalogue, names.targetSchema, name);
  if (table) return table;
  const elsewhere = catalogue.tables.filter((t) => t.name === name).map((t) => t.schema);
  throw new OnescanError('NOT_FOUND', `there is no targets table ${names.targetSchema}.${name} for ${pair}`, {
    remedy:
      elsewhere.length > 0
        ? `A table of that name is in ${elsewhere.join(', ')}: give the right schema to --targets-schema`
        : `Add the table to the warehouse, or leave ${pair} out of the run's pairs`,
    details: { pair, table: name },
  });
}

function requireKey(catalogue: Catalogue, table: CatalogueTable, names: WarehouseNames): void {
  const details = { table: tableText(table) };
  if (table.problem !== undefined) {
    throw new OnescanError('FAILED_PRECONDITION', `targets table ${tableText(table)} ${table.problem}`, {
      remedy: 'Repair it in the warehouse, or leave its pair out of the run',
      details,
    });
  }
  const problem = keyProblem(table, names.keyColumn, catalogue);
  if (problem === undefined) return;
  const missing =
    problem.type === undefined ? `has no key column ${names.keyColumn}` : keyProblemText(problem);
  throw new OnescanError('NOT_FOUND', `targets table ${tableText(table)} ${missing}`, {
    remedy: 'Add the key to the table, or give the name it has to --key-column',
    details,
  });
}

function missingColumns(
  table: CatalogueTable,
  missing: readonly { column: string }[],
  numbers: Pick<CatalogueTable, 'columns'>,
): OnescanError {
  const named = missing.map(({ column }) => column).join(', ');
  const there = numbers.columns
    .map(({ name }) => name)
    .filter((name) => /^target_/i.test(name))
    .slice(0, 10);
  return new OnescanError('NOT_FOUND', `targets table ${tableText(table)} has no numeric column ${named}`, {
    remedy: `It has ${there.join(', ') || 'no target columns'}: change horizons or targetWindow in the spec`,
    details: { table: tableText(table), column: missing[0]!.column },
  });
}
