import { estimateBinnedBytes } from '@onescan/learn/binning/binned-bytes.js';
import { DEFAULT_BOOSTER_PARAMS } from '@onescan/learn/boosting/booster-params.js';
import { estimateBoosterBytes } from '@onescan/learn/boosting/grower-memory.js';
import type { LearnConfig } from '@onescan/learn/learn-config.js';
import { estimateStabilityBytes } from '@onescan/learn/stability/stability-bytes.js';
import { formatBytes } from '@onescan/shared/format/bytes.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';

/** Heap of the compute thread and of DuckDB once they work, whatever the data: 75 MiB on Node 20. */
const THREAD_BYTES = 80e6;

/** What DuckDB takes at most while a dataset is read: measured 520 MiB at 80,000 rows x 1,000 columns. */
const READER_BYTES = 550e6;

/** Two queries of 125 columns are in flight (open-dataset.ts). */
const READER_COLUMNS = 250;

/** Memory that was freed but that allocators have not given back, as a share of what is needed. */
const KEPT_SHARE = 0.15;

/** Doubles a row: key, bar, persistence, and a target and a known part for each of seven horizons. */
const ROW_BYTES = 8 + 4 + 8 + 7 * 2 * 8;

/** SHAP values of three boosters are held for this many rows at once (explain-stack.ts). */
const EXPLAINED_AT_ONCE = 3 * 8192;

/** Trees of the boosted selection (docs/statistics.md): what their size depends on. */
const SELECTION_TREES = { maxLeaves: 31, maxDepth: 8 };

export interface FootprintInput {
  rows: number;
  /** Included feature columns. */
  columns: number;
  config: LearnConfig;
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
  /** thread + binned + rows + the larger of loading and learning, which never overlap, and 15 %. */
  totalBytes: number;
}

/** Upper estimate of the memory that a pair takes on top of the idle process. */
export function estimateFootprint({ rows, columns, config }: FootprintInput): Footprint {
  const binnedBytes = estimateBinnedBytes(rows, columns, config.binning.bins);
  const rowsBytes = rows * ROW_BYTES;
  const floatBytes = rows * Float32Array.BYTES_PER_ELEMENT;
  const loadingBytes =
    Math.min(READER_BYTES, 2 * columns * floatBytes) + Math.min(READER_COLUMNS, columns) * floatBytes;
  const retained = Math.min(columns, config.select.maxFeatures);
  const learningBytes =
    selectionBytes({ rows, columns, config }) + modellingBytes({ rows, columns: retained, config });
  const needed = THREAD_BYTES + binnedBytes + rowsBytes + Math.max(loadingBytes, learningBytes);
  const totalBytes = Math.ceil(needed * (1 + KEPT_SHARE));
  return { binnedBytes, rowsBytes, loadingBytes, learningBytes, totalBytes };
}

/** The Gram matrices stay while models are trained; a boosted selection's scratch would be free by then. */
function selectionBytes({ rows, columns, config }: FootprintInput): number {
  const { bins } = config.binning;
  if (config.select.method === 'stability') {
    return estimateStabilityBytes({ rows, columns, blocks: config.select.blocks, bins });
  }
  const params = { ...DEFAULT_BOOSTER_PARAMS, ...SELECTION_TREES };
  return estimateBoosterBytes({ rows, columns, bins, matrixRows: rows, gathered: true }, params);
}

/** A matrix of the retained columns with one booster on it at a time, then their SHAP values. */
function modellingBytes({ rows, columns, config }: FootprintInput): number {
  const { bins } = config.binning;
  const { leaf, level, symmetric, value } = config.models;
  const size = { rows, columns, bins, matrixRows: rows, gathered: false };
  const booster = Math.max(
    estimateBoosterBytes(size, { ...DEFAULT_BOOSTER_PARAMS, ...leaf, growth: 'leaf' }),
    estimateBoosterBytes(size, { ...DEFAULT_BOOSTER_PARAMS, ...level, growth: 'level' }),
    estimateBoosterBytes(size, { ...DEFAULT_BOOSTER_PARAMS, ...symmetric, growth: 'symmetric' }),
    estimateBoosterBytes(size, { ...DEFAULT_BOOSTER_PARAMS, ...value, growth: 'leaf' }),
  );
  const explaining = columns * (rows + EXPLAINED_AT_ONCE * Float64Array.BYTES_PER_ELEMENT);
  return estimateBinnedBytes(rows, columns, bins) + Math.max(booster, explaining);
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
      `process ${formatBytes(rssBytes)} + ${100 + 100 * KEPT_SHARE} % of (thread ${formatBytes(THREAD_BYTES)} ` +
      `+ bins ${formatBytes(binnedBytes)} + keys and targets ${formatBytes(rowsBytes)} ` +
      `+ the larger of loading ${formatBytes(loadingBytes)} and learning ${formatBytes(learningBytes)})`,
    { remedy: 'Raise the memory of the trainers, sample fewer rows, or exclude columns' },
  );
}
