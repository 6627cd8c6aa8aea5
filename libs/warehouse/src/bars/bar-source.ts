import type { SimulationSource } from '../simulation/simulation-source.js';

/** A folder with one Parquet or CSV file a pair: `eurusd.parquet` or `eurusd.csv`. */
export interface FolderSource {
  readonly kind: 'folder';
  readonly path: string;
}

export type BarSource = FolderSource | SimulationSource;
