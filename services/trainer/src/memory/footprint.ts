import { estimateBinnedBytes } from '@onescan/learn/binning/binned-bytes.js';
import { formatBytes } from '@onescan/shared/format/bytes.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';

/** Buffer manager of DuckDB while a dataset is read (open-dataset.ts). */
const READER_BYTES = 384e6;

/** Two queries of 125 columns are in flight (open-dataset.ts). */
const READER_COLUMNS = 250;

/** Doubles a row: key, bar, persistence, and a target and a known part for each of seven horizons. */
const ROW_BYTES = 8 + 4 + 8 + 7 * 2 * 8;

/** Packed upper triangle of the Gram matrix, in float64, for each of the time blocks of selection. */
const GRAM_BYTES = 8 / 2;

/** Histograms of a tree's open leaves, gradients, compacted rows, scores: bytes a row of the booster. */
const BOOSTER_ROW_BYTES = 128;

export interface FootprintInput {
  rows: number;
  /** Included feature columns. */
  columns: number;
  bins: number;
  /** Time blocks whose Gram matrices selection keeps; 0 when its method needs none. */
  gramBlocks: number;
}

export interface Footprint {
  /** One-byte bins of all columns with their bounds. */
  binnedBytes: number;
  /** Keys, targets and known parts. */
  rowsBytes: number;
  /** What reading needs besides, gone once the pair is loaded. */
  loadingBytes: number;
  /** What learning needs besides, at most. */
  learningBytes: number;
  /** binned + rows + the larger of loading and learning, which never overlap. */
  totalBytes: number;
}

/** Upper estimate of the memory that a pair takes on top of the idle process. */
export function estimateFootprint({ rows, columns, bins, gramBlocks }: FootprintInput): Footprint {
  const binnedBytes = estimateBinnedBytes(rows, columns, bins);
  const rowsBytes = rows * ROW_BYTES;
  const loadingBytes = READER_BYTES + READER_COLUMNS * rows * Float32Array.BYTES_PER_ELEMENT;
  const learningBytes = gramBlocks * columns * columns * GRAM_BYTES + rows * BOOSTER_ROW_BYTES;
  const totalBytes = binnedBytes + rowsBytes + Math.max(loadingBytes, learningBytes);
  return { binnedBytes, rowsBytes, loadingBytes, learningBytes, totalBytes };
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
  const { binnedBytes, rowsBytes, loadingBytes, learningBytes, totalBytes } = footprint;
  const size = `${input.rows} rows x ${input.columns} columns`;
  throw new OnescanError(
    'RESOURCE_EXHAUSTED',
    `${size} need ${formatBytes(rssBytes + totalBytes)}, the limit is ${formatBytes(limitBytes)}: ` +
      `process ${formatBytes(rssBytes)} + bins ${formatBytes(binnedBytes)} + keys and targets ${formatBytes(rowsBytes)} ` +
      `+ the larger of loading ${formatBytes(loadingBytes)} and learning ${formatBytes(learningBytes)}`,
    { remedy: 'Raise the memory of the trainers, sample fewer rows, or exclude columns' },
  );
}
