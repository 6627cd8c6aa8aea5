import { estimateBinnedBytes } from '@onescan/learn/binning/binned-bytes.js';
import type { LearnConfig } from '@onescan/learn/learn-config.js';
import { estimateLearningBytes } from '@onescan/learn/learning-bytes.js';
import { readBufferBytes } from '@onescan/shared/dataset/read-width.js';
import { formatBytes } from '@onescan/shared/format/bytes.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';

/** What DuckDB takes at most while a dataset is read: measured 520 MiB at 80,000 rows x 1,000 columns. */
const READER_BYTES = 550e6;

/** Memory that was freed but that allocators have not given back, as a share of what is needed. */
const KEPT_SHARE = 0.15;

/** Doubles a row: key, bar, persistence, and a target and a known part for each of seven horizons. */
const ROW_BYTES = 8 + 4 + 8 + 7 * 2 * 8;

export interface FootprintInput {
  rows: number;
  /** Included feature columns. */
  columns: number;
  config: LearnConfig;
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
  /** What reading needs besides, gone once the pair is loaded. */
  loadingBytes: number;
  /** What learning needs besides, at most. */
  learningBytes: number;
  /** heaps + binned + rows + the larger of loading and learning, which never overlap, and 15 %. */
  totalBytes: number;
}

/** Upper estimate of the memory that a pair takes on top of the idle process. */
export function estimateFootprint({ rows, columns, config, threads = 1 }: FootprintInput): Footprint {
  const binnedBytes = estimateBinnedBytes(rows, columns, config.binning.bins);
  const rowsBytes = rows * ROW_BYTES;
  const floatBytes = rows * Float32Array.BYTES_PER_ELEMENT;
  const loadingBytes = Math.min(READER_BYTES, 2 * columns * floatBytes) + readBufferBytes(rows, columns);
  const {
    selection,
    modelling,
    heaps: heapBytes,
  } = estimateLearningBytes({ rows, columns, config, threads });
  // Gram matrices stay while models are trained.
  const learningBytes = selection + modelling;
  const needed = heapBytes + binnedBytes + rowsBytes + Math.max(loadingBytes, learningBytes);
  const totalBytes = Math.ceil(needed * (1 + KEPT_SHARE));
  return { heapBytes, binnedBytes, rowsBytes, loadingBytes, learningBytes, totalBytes };
}

/**
 * Refuses what cannot fit, before anything is loaded.
 *
 * @param rssBytes memory of the process now
 * @throws OnescanError RESOURCE_EXHAUSTED with the arithmetic
 */
export function admit(input: FootprintInput, rssBytes: number, limitBytes: number): Footprint {
  const footprint = estimateFootprint(input);
  if (rssBytes + footprint.totalBytes <= limitBytes) return footprint;
  const { heapBytes, binnedBytes, rowsBytes, loadingBytes, learningBytes, totalBytes } = footprint;
  const size = `${input.rows} rows x ${input.columns} columns`;
  throw new OnescanError(
    'RESOURCE_EXHAUSTED',
    `${size} need ${formatBytes(rssBytes + totalBytes)}, the limit is ${formatBytes(limitBytes)}: ` +
      `process ${formatBytes(rssBytes)} + ${100 + 100 * KEPT_SHARE} % of (heaps ${formatBytes(heapBytes)} ` +
      `+ bins ${formatBytes(binnedBytes)} + keys and targets ${formatBytes(rowsBytes)} ` +
      `+ the larger of loading ${formatBytes(loadingBytes)} and learning ${formatBytes(learningBytes)})`,
    { remedy: 'Raise the memory of the trainers, sample fewer rows, or exclude columns' },
  );
}
