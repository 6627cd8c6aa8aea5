import type { CatalogueColumn, KeyRange, TableName } from '../warehouse/warehouse.js';

/** Columns of one feature table, those with texts apart from those that become numbers. */
export interface FetchTable {
  readonly table: TableName;
  readonly numbers: readonly CatalogueColumn[];
  readonly texts: readonly CatalogueColumn[];
}

/** Everything that one pair's statement says, in no SQL dialect. */
export interface FetchQuery {
  readonly keyColumn: string;
  readonly targets: {
    readonly table: TableName;
    readonly window: number;
    /** In ascending order of horizon, with the column that holds bqx_W[t + horizon]. */
    readonly columns: readonly { readonly horizon: number; readonly column: string }[];
  };
  /** Closing prices for the known part of targets with horizon < window; absent when there are none. */
  readonly closes?: { readonly table: TableName; readonly column: string };
  /** The `rows` keys of least hash among the `available` ones of the range. */
  readonly sample: {
    readonly rows: number;
    readonly available: number;
    readonly seed: bigint;
    readonly range: KeyRange;
  };
  readonly tables: readonly FetchTable[];
}

/** Horizons whose target overlaps what is already known, when there are closes to compute it from. */
export function overlapHorizons(query: FetchQuery): number[] {
  if (!query.closes) return [];
  const { window, columns } = query.targets;
  return columns.map(({ horizon }) => horizon).filter((horizon) => horizon < window);
}

/**
 * Order of the numbers of part 0: bar, persistence, targets by horizon, known parts by horizon.
 */
export function samplePartWidth(query: FetchQuery): number {
  return 2 + query.targets.columns.length + overlapHorizons(query).length;
}
