import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type TableName, tableText } from '../catalogue/catalogue.js';
import type { FetchTable } from '../sql/fetch-query.js';
import type { Universe } from '../universe/universe.js';
import type { WarehouseView } from '../warehouse/warehouse.js';

const MICROS_PER_MILLI = 1000;

/** Tables of a universe with the columns that are fetched, but for those of some groups. */
export function fetchTables(universe: Universe, without: ReadonlySet<string> = new Set()): FetchTable[] {
  return universe.tables
    .map((table) => {
      const columns = universe.columns
        .filter(
          (column) => column.table === table && column.exclusion === undefined && !without.has(column.group),
        )
        .map(({ column }) => column);
      return {
        table: { schema: table.schema, name: table.name },
        numbers: columns.filter((column) => column.kind !== 'text'),
        texts: columns.filter((column) => column.kind === 'text'),
      };
    })
    .filter(({ numbers, texts }) => numbers.length + texts.length > 0);
}

/** @throws OnescanError FAILED_PRECONDITION naming a table that is known to hold a key twice */
export async function requireUniqueKeys(
  warehouse: WarehouseView,
  tables: readonly TableName[],
): Promise<void> {
  const distinct = [...new Map(tables.map((table) => [tableText(table), table])).values()];
  const doubled = await warehouse.findDoubledKeys(distinct);
  const worst = doubled[0];
  if (!worst) return;
  const time = new Date(worst.key / MICROS_PER_MILLI).toISOString();
  const others = doubled.slice(1).map(({ table }) => tableText(table));
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `table ${tableText(worst.table)} holds the key ${time} ${worst.times} times${others.length > 0 ? `; ${others.join(', ')} hold doubled keys too` : ''}`,
    {
      remedy:
        'Remove the doubled rows from the warehouse, or the table from the universe with universe.exclude',
      details: { table: tableText(worst.table) },
    },
  );
}
