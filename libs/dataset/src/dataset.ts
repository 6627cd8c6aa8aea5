import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import type { DatasetReserve } from './dataset-reserve.js';
import type { FeatureValues, StoredType } from './feature-values.js';

/** Version of the file format (docs/dataset-format.md) of a dataset that holds all of its columns. */
export const DATASET_FORMAT_VERSION = 3;

/** Version of shared datasets and of datasets that refer to one. Readers refuse every other version. */
export const SHARED_FORMAT_VERSION = 4;

/** Stands for the pair in a dataset of the columns that are the same for all pairs: keys and features, no targets. */
export const SHARED_PAIR = 'shared';

/** One feature column of the universe, whether its values are in the file or not. Numbers are NaN where there is nothing to measure. */
export interface DatasetColumn {
  /** table.column */
  featureId: string;
  group: string;
  /** Type in the warehouse, e.g. DOUBLE, BIGINT, VARCHAR. */
  type: string;
  /** "number", "bool", or JSON {"ordinal": [texts in order of their codes 0, 1, ...]}; empty when excluded. */
  encoding: string;
  /** How the values are stored; empty when excluded. */
  stored: StoredType | '';
  included: boolean;
  /** "plan" for columns that are not included, else empty. */
  exclusionStage: string;
  /** Why it is not included; absent when it is. */
  exclusion?: ExclusionReason;
  /** Share of rows that are missing, 0 to 1. */
  nullShare: number;
  min: number;
  max: number;
  mean: number;
  /** Population standard deviation. */
  deviation: number;
  /** Infinite values, which were made missing; of a column in the shared dataset, those in that. */
  infinite: number;
  /** SHA-256 over the stored values in row order; empty when excluded. */
  contentSha256: string;
  /** Position in the matrix of the shared dataset that holds the values; absent when this file holds them. */
  sharedPosition?: number;
}

/** The dataset that holds the columns that a pair's dataset shares with others. */
export interface SharedReference {
  datasetId: string;
  contentSha256: string;
}

/** What a dataset file says about itself. */
export interface DatasetMeta {
  formatVersion: number;
  /** Hash of everything that determines the content. */
  datasetId: string;
  pair: string;
  rows: number;
  /** The W of target_bqx{W}_h{H}, in bars. */
  targetWindow: number;
  /** All horizons whose targets are stored, in ascending order. */
  horizons: number[];
  /** Horizons for which a known part is stored. */
  overlapHorizons: number[];
  /** First and last key, RFC 3339. */
  from: string;
  to: string;
  sql: string;
  jobId: string;
  bytesBilled: bigint;
  usd: number;
  /** Hash over the content hashes of all columns: equal data, equal hash. */
  contentSha256: string;
  /** "complete": files are published only when they are. */
  status: string;
  /** RFC 3339. */
  createdAt: string;
  /** Canonical JSON whose SHA-256 is the dataset id. */
  identity: string;
  /** The larger dataset that this one was made of, without a statement; absent when it was fetched. */
  derivedFrom?: string;
  /** Set when columns are in a shared dataset. */
  shared?: SharedReference;
}

/** A dataset file opened for reading; any number of processes may hold it open. */
export interface OpenDataset {
  readonly meta: DatasetMeta;
  /** The whole universe in stable order, included and excluded. */
  readonly columns: readonly DatasetColumn[];
  /** Columns with values, in matrix order. */
  readonly included: readonly DatasetColumn[];
  /** `time`: key in epoch milliseconds; `bar`: ordinal of the bar in the full targets table, empty in a shared dataset. */
  readKeys(): Promise<{ time: Float64Array; bar: Int32Array }>;
  /** The target of a horizon by row; NaN = missing. Throws NOT_FOUND when the horizon is not stored. */
  readTarget(horizon: number): Promise<Float64Array>;
  /** bqx_W[t] by row: the part of the series known at t; NaN = missing. */
  readPersistence(): Promise<Float64Array>;
  /**
   * 100 * (close[t] - close[t-(W-H)]) / close[t-(W-H)] by row for H < W: the part of the target that is
   * already known at t. Null for H >= W and when its source was missing.
   */
  readKnownPart(horizon: number): Promise<Float64Array | null>;
  /**
   * Reads all included columns in matrix order, block by block. `values` is reused: it is valid only during
   * the call. NaN = missing.
   */
  readFeatures(
    onColumn: (position: number, values: FeatureValues) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  /** What the file keeps beyond its columns, for making smaller datasets of it. */
  readReserve(): Promise<DatasetReserve>;
  /** As {@link readFeatures}, of the first `count` withheld columns whose values are kept. */
  readWithheld(count: number, onColumn: (position: number, values: FeatureValues) => void): Promise<void>;
  close(): void;
}
