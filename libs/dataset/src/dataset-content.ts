import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import type { SpoolIndex } from './dataset-spool.js';

/** A feature column offered to the writer, or one that was excluded before. */
export interface CandidateColumn {
  featureId: string;
  group: string;
  type: string;
  /** Where its values are; absent when it was excluded before they were read. */
  spool?: { table: number; column: number };
  /** True when its values are in the shared dataset, which also says how they are encoded. */
  isShared?: boolean;
  /** How the values are to be read. "ordinal": codes into `texts`, which the writer sorts. */
  encoding: 'number' | 'bool' | 'ordinal';
  texts?: readonly string[];
  /** Why it is not included. With a place in the spool: for its texts, of which the codes are there. */
  exclusion?: ExclusionReason;
  /** Of texts that are too many where the codes are gone: the least sample that is sure to hold too many. */
  manyTextsFrom?: number;
}

/** Everything that goes into a dataset file; structured-cloneable. Rows are in ascending order of key. */
export interface DatasetContent {
  datasetId: string;
  pair: string;
  targetWindow: number;
  /** Canonical JSON of what the dataset id was made from. */
  identity: string;
  sql: string;
  jobId: string;
  bytesBilled: bigint;
  usd: number;
  /** RFC 3339. */
  createdAt: string;
  /** The larger dataset that this one is made of. */
  derivedFrom?: string;
  /** Keys in epoch microseconds. */
  keys: BigInt64Array;
  bar: Int32Array;
  persistence: Float64Array;
  /** In ascending order of horizon. */
  targets: { horizon: number; values: Float64Array }[];
  knownParts: { horizon: number; values: Float64Array }[];
  /** Rows in the order in which samples take them up; absent where nobody asks for it. */
  sampleOrder?: Int32Array;
  /** The whole universe in stable order. */
  columns: CandidateColumn[];
  /** File of the dataset that holds the columns marked as shared. */
  sharedPath?: string;
  spool: SpoolIndex;
}

export type WriteStage = 'write' | 'verify';

export interface WriteHooks {
  /** `done` of `total` columns. */
  onProgress?(stage: WriteStage, done: number, total: number): void;
  isCancelled?(): boolean;
}
