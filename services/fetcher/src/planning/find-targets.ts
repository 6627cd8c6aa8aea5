import type { PlanNote } from '@onescan/shared/generated/onescan/v1/plan.js';
import { DEFAULT_HORIZONS, targetColumn } from '@onescan/shared/horizon.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/shared/run-spec.js';
import type { FetchQuery } from '../sql/fetch-query.js';
import { type Catalogue, type CatalogueTable, tableText } from '../warehouse/warehouse.js';
import type { WarehouseNames } from '../warehouse/warehouse-names.js';
import { planNote } from './plan-note.js';

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
  const table = findTable(catalogue, pair, names);
  requireKey(table, names);
  const has = new Set(
    table.columns.filter((column) => column.kind === 'number').map((column) => column.name),
  );
  const wanted = [...new Set([...spec.horizons, ...DEFAULT_HORIZONS])].sort((a, b) => a - b);
  const columns = wanted.map((horizon) => ({ horizon, column: targetColumn(spec.targetWindow, horizon) }));
  const missing = columns.filter(({ column }) => !has.has(column));
  const fatal = missing.filter(({ horizon }) => spec.horizons.includes(horizon));
  if (fatal.length > 0) throw missingColumns(table, fatal, has);
  return {
    table,
    targets: {
      table: { schema: table.schema, name: table.name },
      window: spec.targetWindow,
      columns: columns.filter(({ column }) => has.has(column)),
    },
    notes: missing.map(({ column }) =>
      planNote('target not stored', `${tableText(table)} has no ${column}, which is not requested`),
    ),
  };
}

function findTable(catalogue: Catalogue, pair: string, names: WarehouseNames): CatalogueTable {
  const name = names.targetsTable.replaceAll('{pair}', pair);
  const table = catalogue.tables.find((t) => t.schema === names.targetSchema && t.name === name);
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

function requireKey(table: CatalogueTable, names: WarehouseNames): void {
  const key = table.columns.find((column) => column.name === names.keyColumn);
  if (key?.type.startsWith('TIMESTAMP')) return;
  const problem = key
    ? `key column ${names.keyColumn} of ${tableText(table)} has type ${key.type}, not TIMESTAMP`
    : `targets table ${tableText(table)} has no key column ${names.keyColumn}`;
  throw new OnescanError('NOT_FOUND', problem, {
    remedy: 'Add the key to the table, or give the name it has to --key-column',
    details: { table: tableText(table) },
  });
}

function missingColumns(
  table: CatalogueTable,
  missing: readonly { column: string }[],
  has: ReadonlySet<string>,
): OnescanError {
  const named = missing.map(({ column }) => column).join(', ');
  const there = [...has].filter((column) => column.startsWith('target_')).slice(0, 10);
  return new OnescanError('NOT_FOUND', `targets table ${tableText(table)} has no numeric column ${named}`, {
    remedy: `It has ${there.join(', ') || 'no target columns'}: change horizons or targetWindow in the spec`,
    details: { table: tableText(table), column: missing[0]!.column },
  });
}
