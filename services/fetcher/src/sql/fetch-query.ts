import { DEFAULT_HORIZONS } from '@onescan/contract/horizon.js';
import type { CatalogueColumn, KeyRange, TableName } from '../catalogue/catalogue.js';

/** Columns of one feature table, those with texts apart from those that become numbers. */
export interface FetchTable {
  readonly table: TableName;
  readonly numbers: readonly CatalogueColumn[];
  readonly texts: readonly CatalogueColumn[];
}

/** A table from whose keys the sample is taken: the `rows` of least hash among the `available` ones of the range. */
export interface KeySource {
  readonly table: TableName;
  readonly rows: number;
  readonly available: number;
}

/** Everything that one statement says, in no SQL dialect. */
export interface FetchQuery {
  readonly keyColumn: string;
  /** The keys of all sources together, each once. */
  readonly sample: {
    readonly sources: readonly KeySource[];
    readonly seed: bigint;
    readonly range: KeyRange;
  };
  /** What is brought besides keys and features; absent in statements that bring only those. */
  readonly targets?: {
    /** The one source of keys. */
    readonly table: TableName;
    readonly window: number;
    /** In ascending order of horizon, with the column that holds bqx_W[t + horizon]. */
    readonly columns: readonly { readonly horizon: number; readonly column: string }[];
  };
  /** Closing prices for the known part of targets with horizon < window; absent when there are none. */
  readonly closes?: { readonly table: TableName; readonly column: string };
  readonly tables: readonly FetchTable[];
}

/** Horizons whose target overlaps what is already known, when there are closes to compute it from. */
export function overlapHorizons({ closes, targets }: FetchQuery): number[] {
  if (!closes || !targets) return [];
  const { window, columns } = targets;
  return columns.map(({ horizon }) => horizon).filter((horizon) => horizon < window);
}

/** Whether bqx_W of the past comes from the closes too, to be held against the persistence that comes from the targets. */
export function bringsOwnPast(query: FetchQuery): boolean {
  return overlapHorizons(query).length > 0;
}

/**
 * The target whose past is the persistence: that of the least default horizon, which is stored whatever a spec asks for,
 * so that the persistence does not depend on the other horizons; without any the least one.
 */
export function persistenceSource({ columns }: NonNullable<FetchQuery['targets']>): {
  readonly horizon: number;
  readonly column: string;
} {
  return columns.find(({ horizon }) => DEFAULT_HORIZONS.includes(horizon)) ?? columns[0]!;
}

/**
 * Order of the numbers of part 0: bar, persistence, targets by horizon, known parts by horizon, bqx_W of the past by the closes
 * where they are read; none in a statement without targets.
 */
export function samplePartWidth(query: FetchQuery): number {
  if (!query.targets) return 0;
  return 2 + query.targets.columns.length + overlapHorizons(query).length + (bringsOwnPast(query) ? 1 : 0);
}
