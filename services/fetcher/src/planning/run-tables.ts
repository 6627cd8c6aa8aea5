import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import {
  type Catalogue,
  type CatalogueTable,
  type TableFilter,
  type TableName,
  tableText,
} from '../catalogue/catalogue.js';
import { isSameName } from '../catalogue/find-names.js';
import type { WarehouseNames } from '../catalogue/warehouse-names.js';
import { GlobSet } from '../universe/glob.js';
import type { Statement } from '../warehouse/warehouse.js';

/**
 * The tables that plans of a spec's pairs can need: targets, closes, and those of its groups but for what it excludes.
 * Nothing else in a warehouse can make a plan fail or wait.
 */
export function tablesOfRun(spec: ResolvedRunSpec, names: WarehouseNames): TableFilter {
  const named = (pattern: string, name: string): boolean =>
    spec.pairs.some((pair) => isSameName(pattern.replaceAll('{pair}', pair), name));
  const grouped = groupsGlobs(spec);
  const { exclude } = spec.universe;
  const excluded = new GlobSet(exclude);
  return ({ schema, name, columns }) => {
    if (schema === names.targetSchema && named(names.targetsTable, name)) return true;
    if (schema !== names.featureSchema) return false;
    if (named(names.closesTable, name)) return true;
    if (!grouped.matches(name) || excluded.matches(name)) return false;
    const features = columns.filter((column) => !isSameName(column.name, names.keyColumn));
    return features.length === 0 || !features.every((column) => excluded.matches(`${name}.${column.name}`));
  };
}

/** Targets tables of all pairs of a spec that the catalogue has; those that it lacks are for their pairs to report. */
export function targetsOfRun(
  catalogue: Catalogue,
  spec: ResolvedRunSpec,
  names: WarehouseNames,
): TableName[] {
  const wanted = new Set(
    spec.pairs.map((pair) => names.targetsTable.replaceAll('{pair}', pair).toLowerCase()),
  );
  return named(catalogue, names.targetSchema, (name) => wanted.has(name.toLowerCase()));
}

/** Feature tables that a group of the spec has, for any of its pairs. */
export function featuresOfRun(
  catalogue: Catalogue,
  spec: ResolvedRunSpec,
  names: WarehouseNames,
): TableName[] {
  const grouped = groupsGlobs(spec);
  return named(catalogue, names.featureSchema, (name) => grouped.matches(name));
}

/** The tables that statements read. */
export function tablesRead(
  { tables }: Catalogue,
  statements: readonly { readonly statement: Statement }[],
): CatalogueTable[] {
  const reads = statements.flatMap(({ statement }) => statement.reads);
  const read = new Set(reads.map(({ table }) => tableText(table)));
  return tables.filter((table) => read.has(tableText(table)));
}

function groupsGlobs(spec: ResolvedRunSpec): GlobSet {
  const globs = spec.universe.groups.flatMap((group) =>
    group.tables.flatMap((glob) => spec.pairs.map((pair) => glob.replaceAll('{pair}', pair))),
  );
  return new GlobSet(globs);
}

function named(catalogue: Catalogue, schema: string, wants: (name: string) => boolean): TableName[] {
  return catalogue.tables
    .filter((table) => table.schema === schema && wants(table.name))
    .map(({ name }) => ({ schema, name }));
}
