import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { FlagTable } from '@onescan/process/service/flag-table.js';
import type { DialectTraits } from '../sql/sql-dialect.js';
import { bigQueryKind } from './bigquery/bigquery-kind.js';
import { embeddedKind } from './embedded/embedded-kind.js';
import { lakeKind } from './lake/lake-kind.js';
import type { WarehouseKind } from './warehouse-kind.js';

/** The kinds of warehouses there are: a new one is a folder beside this file and a line here. */
export const WAREHOUSES: readonly WarehouseKind[] = [embeddedKind, bigQueryKind, lakeKind];

/** Flags that single kinds have, in the order of the kinds. */
export const WAREHOUSE_FLAGS: FlagTable = Object.assign({}, ...WAREHOUSES.map(({ flags }) => flags));

const DIALECTS = new Map(WAREHOUSES.map(({ dialect }) => [dialect.name, dialect]));

/** The names of dialects, as datasets keep them. */
export const DIALECT_NAMES: readonly string[] = [...DIALECTS.keys()];

/** @throws OnescanError INTERNAL when there is none of that name */
export function dialectNamed(name: string): DialectTraits {
  const dialect = DIALECTS.get(name);
  if (!dialect) throw new OnescanError('INTERNAL', `there is no SQL dialect "${name}"`);
  return dialect;
}

/** The kind that a value of --warehouse names, and the value without its prefix. */
export function warehouseKindOf(value: string): { kind: WarehouseKind; address: string } {
  const named = WAREHOUSES.find(({ prefix }) => prefix !== '' && value.startsWith(prefix));
  const kind = named ?? WAREHOUSES.find(({ prefix }) => prefix === '')!;
  return { kind, address: value.slice(kind.prefix.length) };
}
