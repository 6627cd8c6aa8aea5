import { estimateBinnedBytes } from '../binning/binned-bytes.js';
import type { LearnConfig } from '../config/learn-config.js';
import { estimateLearningBytes } from './learning-bytes.js';

/** What a trainer's process takes before it has loaded anything: measured 79 to 113 MiB. */
export const IDLE_BYTES = 115 * 1024 ** 2;

/** Memory that was freed but that allocators have not given back, as a share of what is needed. */
export const KEPT_SHARE = 0.15;

/** Doubles a row: key, bar, persistence, and a target and a known part for each of seven horizons. */
const ROW_BYTES = 8 + 4 + 8 + 7 * 2 * 8;

export interface FootprintInput {
  rows: number;
  /** Included feature columns. */
  columns: number;
  config: LearnConfig;
  /** What reading needs besides, gone once the pair is loaded: see loadingBytes of the dataset. */
  loadingBytes: number;
  /** Threads to learn on. Default 1. */
  threads?: number;
}

export interface Footprint {
  /** JavaScript heaps and compiled code of the threads, DuckDB's included. */
  heapBytes: number;
  /** One-byte bins of all columns with their bounds. */
  binnedBytes: number;
  /** Keys, targets and known parts. */
  rowsBytes: number;
  loadingBytes: number;
  /** What learning needs besides, at most. */
  learningBytes: number;
  /** heaps + binned + rows + the larger of loading and learning, which never overlap, and 15 %. */
  totalBytes: number;
  /** The idle process with all that. */
  processBytes: number;
}

/**
 * Upper estimate of the memory that learning a pair takes. Trainers admit a task by it and plans are refused by it: the
 * same numbers for the same pair, settings and threads, whatever the process did before.
 *
 * @throws LearnInputError when no memory is large enough for such a matrix
 */
export function estimateFootprint({
  rows,
  columns,
  config,
  loadingBytes,
  threads = 1,
}: FootprintInput): Footprint {
  const binnedBytes = estimateBinnedBytes(rows, columns, config.binning.bins);
  const rowsBytes = rows * ROW_BYTES;
  const {
    selection,
    modelling,
    heaps: heapBytes,
  } = estimateLearningBytes({ rows, columns, config, threads });
  // Gram matrices stay while models are trained.
  const learningBytes = selection + modelling;
  const needed = heapBytes + binnedBytes + rowsBytes + Math.max(loadingBytes, learningBytes);
  const totalBytes = Math.ceil(needed * (1 + KEPT_SHARE));
  const processBytes = IDLE_BYTES + totalBytes;
  return { heapBytes, binnedBytes, rowsBytes, loadingBytes, learningBytes, totalBytes, processBytes };
}
