import type { SimulationSource } from '../simulation/simulation-source.js';
import type { BarReading } from './bar-reading.js';

/** A folder with one Parquet or CSV file a pair: `eurusd.parquet` or `eurusd.csv`. */
export interface FolderSource {
  readonly kind: 'folder';
  readonly path: string;
  /** How the files are written; columns with a header and times that read one way, in UTC, unless said. */
  readonly reading?: BarReading;
}

export type BarSource = FolderSource | SimulationSource;
