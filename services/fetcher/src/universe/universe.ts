import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { FeatureGroup, FutureColumns } from '@onescan/contract/generated/onescan/v1/spec.js';
import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import type { CatalogueColumn, CatalogueTable } from '../catalogue/catalogue.js';
import type { WarehouseNames } from '../catalogue/warehouse-names.js';

/** A feature column of the universe, fetched or not. */
export interface UniverseColumn {
  /** table.column */
  readonly featureId: string;
  readonly group: string;
  readonly table: CatalogueTable;
  readonly column: CatalogueColumn;
  /** Why it is not fetched. */
  readonly exclusion?: ExclusionReason;
}

/** What a pair's spec resolves to, in stable order: groups as in the spec, tables by name, columns as stored. */
export interface Universe {
  readonly columns: readonly UniverseColumn[];
  readonly tables: readonly CatalogueTable[];
  /** Found while looking; not fatal. */
  readonly notes: readonly PlanNote[];
}

/** What a pair's universe is to hold. */
export interface UniverseRequest {
  readonly pair: string;
  readonly groups: readonly FeatureGroup[];
  /** Globs on table or table.column. */
  readonly exclude: readonly string[];
  readonly expectedColumns?: number;
  readonly names: WarehouseNames;
  readonly futurePatterns: readonly RegExp[];
  /** Columns that hold future values by their lineage. */
  readonly future: readonly FutureColumns[];
  /** True for a part of the universe: that there is nothing, and what other groups leave over, says nothing. */
  readonly part?: boolean;
}
