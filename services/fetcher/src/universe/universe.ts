import type { PlanNote } from '@onescan/shared/generated/onescan/v1/plan.js';
import type { CatalogueColumn, CatalogueTable } from '../catalogue/catalogue.js';

/** A feature column of the universe, fetched or not. */
export interface UniverseColumn {
  /** table.column */
  readonly featureId: string;
  readonly group: string;
  readonly table: CatalogueTable;
  readonly column: CatalogueColumn;
  /** Why it is not fetched. */
  readonly exclusionReason?: string;
}

/** What a pair's spec resolves to, in stable order: groups as in the spec, tables by name, columns as stored. */
export interface Universe {
  readonly columns: readonly UniverseColumn[];
  readonly tables: readonly CatalogueTable[];
  /** Found while looking; not fatal. */
  readonly notes: readonly PlanNote[];
}
