import type { ResolvedRunSpec } from '@onescan/shared/run-spec.js';
import { globsPattern } from '../universe/glob.js';
import type { Catalogue, TableName } from '../warehouse/warehouse.js';
import type { WarehouseNames } from '../warehouse/warehouse-names.js';

/** Targets tables of all pairs of a spec that the catalogue has; those that it lacks are for their pairs to report. */
export function targetsOfRun(
  catalogue: Catalogue,
  spec: ResolvedRunSpec,
  names: WarehouseNames,
): TableName[] {
  const wanted = new Set(spec.pairs.map((pair) => names.targetsTable.replaceAll('{pair}', pair)));
  return named(catalogue, names.targetSchema, (name) => wanted.has(name));
}

/** Feature tables that a group of the spec has, for any of its pairs. */
export function featuresOfRun(
  catalogue: Catalogue,
  spec: ResolvedRunSpec,
  names: WarehouseNames,
): TableName[] {
  const globs = spec.universe.groups.flatMap((group) =>
    group.tables.flatMap((glob) => spec.pairs.map((pair) => glob.replaceAll('{pair}', pair))),
  );
  const pattern = globsPattern([...new Set(globs)]);
  return named(catalogue, names.featureSchema, (name) => pattern.test(name));
}

function named(catalogue: Catalogue, schema: string, wants: (name: string) => boolean): TableName[] {
  return catalogue.tables
    .filter((table) => table.schema === schema && wants(table.name))
    .map(({ name }) => ({ schema, name }));
}
