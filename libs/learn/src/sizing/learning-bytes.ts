import { estimateBinnedBytes } from '../binning/binned-bytes.js';
import { type BoosterParams, DEFAULT_BOOSTER_PARAMS } from '../boosting/booster-params.js';
import { estimateBoosterBytes } from '../boosting/grower-memory.js';
import type { LearnConfig } from '../config/learn-config.js';
import { chunkRows } from '../explain/explain-horizon.js';
import { estimateInteractionBytes } from '../interactions/interaction-bytes.js';
import { BOOSTED_ENTRIES, BOOSTED_NAMES } from '../models/model-registry.js';
import { BOOSTED_SELECTION } from '../selection/boosted-frequencies.js';
import { selectedRows } from '../selection/selected-rows.js';
import { keepsLevel, largestQ } from '../stability/error-bounds.js';
import { mayNeedOwnBlocks } from '../stability/leading-blocks.js';
import { estimateStabilityBytes, sharedStabilityBytes } from '../stability/stability-bytes.js';

export interface LearningSize {
  readonly rows: number;
  /** Columns of the pair's matrix. */
  readonly columns: number;
  readonly config: LearnConfig;
  /** Default 1. */
  readonly threads?: number;
}

/** Memory that learning takes besides the pair's matrix and the idle process. */
export interface LearningBytes {
  /** In the matrix's own memory, while features are selected; Gram matrices stay there for the next horizon. */
  readonly selection: number;
  /** In a memory of its own: the retained columns, and boosters on them or their SHAP values. */
  readonly modelling: number;
  /** JavaScript heaps and compiled code of the threads once they work. */
  readonly heaps: number;
}

/** Heap of the calling thread, measured on Node 20 whatever the data. */
const HEAP_BYTES = 80e6;
/** Heap of each further thread, and what it is sent a row: targets, rows and predictions of every fold. */
const FURTHER_HEAP_BYTES = 45e6;
const SENT_ROW_BYTES = 400;

/** SHAP values of a chunk of rows are held as a sum over boosters, and for the one that is being explained. */
const SHAP_COPIES = 2;

/**
 * Memory that learning takes at most: pruning leaves columns out and selection retains fewer than it
 * may, so that a real pair takes less. When nothing is pruned and as many features are retained as the
 * configuration allows, it is right within 10 %.
 */
export function estimateLearningBytes({ rows, columns, config, threads = 1 }: LearningSize): LearningBytes {
  const retained = Math.min(columns, config.select.maxFeatures);
  return {
    selection: selectionBytes({ rows, columns, config, threads }),
    modelling:
      modellingBytes({ rows, columns: retained, config, threads }) +
      foldBytes(rows, columns, retained, config),
    heaps: HEAP_BYTES + (threads - 1) * (FURTHER_HEAP_BYTES + SENT_ROW_BYTES * rows),
  };
}

function selectionBytes({ rows, columns, config, threads }: Required<LearningSize>): number {
  const { bins } = config.binning;
  const { method, methods, blocks, pairs, threshold, maxFalse, bound, nested } = config.select;
  const fitRows = selectionRows({ rows, config });
  if (method === 'stability') {
    const design = { p: columns, threshold, pairs };
    // Too few columns for any q are refused when features are selected, with the reason.
    const level = maxFalse / methods.length;
    const q = keepsLevel({ ...design, q: 1 }, level, bound) ? largestQ(design, level, bound) : 1;
    const size = { rows, columns, blocks, bins, q, threads, fitRows, methods };
    const shared = sharedStabilityBytes(size);
    const once = Math.max(
      estimateStabilityBytes(size),
      shared + interactionBytes({ rows, columns, config, threads }),
    );
    const isTwice =
      nested !== 'no' && mayNeedOwnBlocks(blocks, config.protocol.selectionShare, pairs, threshold);
    return once + (isTwice ? shared : 0);
  }
  const { folds, booster } = BOOSTED_SELECTION;
  const trained = fitRows * (1 - 1 / folds);
  const size = { rows: trained, columns, bins, matrixRows: rows, gathered: true };
  return Math.max(
    threads * boosterBytes(size, booster),
    interactionBytes({ rows, columns, config, threads }),
  );
}

/** Taken after single features were selected, beside what selections share. */
function interactionBytes({ rows, columns, config, threads }: Required<LearningSize>): number {
  const tested = Math.min(columns, config.interactions.features);
  if (tested < 2) return 0;
  const sizes = Math.min(tested, config.interactions.sizes);
  return estimateInteractionBytes({
    rows: selectionRows({ rows, config }),
    columns: tested + sizes,
    blocks: config.select.blocks,
    bins: config.binning.bins,
    threads,
  });
}

/** Rows that features are selected on. */
function selectionRows({ rows, config }: Pick<LearningSize, 'rows' | 'config'>): number {
  return selectedRows(developed(rows, config), config);
}

/** Rows that anything is fitted on. */
function developed(rows: number, { protocol }: LearningSize['config']): number {
  return rows * (1 - protocol.lockedShare) * (1 - protocol.finalShare);
}

type BoosterSize = Parameters<typeof estimateBoosterBytes>[0];

/** Trees are grown on the rows in the bag. */
function boosterBytes(size: BoosterSize, params: Partial<BoosterParams> & { rowFraction: number }): number {
  const rows = Math.ceil(size.rows * params.rowFraction);
  return estimateBoosterBytes({ ...size, rows }, { ...DEFAULT_BOOSTER_PARAMS, ...params });
}

function modellingBytes({ rows, columns, config, threads }: Required<LearningSize>): number {
  const { bins } = config.binning;
  const size = {
    rows: developed(rows, config),
    columns,
    bins,
    matrixRows: rows,
    gathered: false,
  };
  const boosters = BOOSTED_NAMES.map((name) =>
    boosterBytes(size, { ...config.models[name], growth: BOOSTED_ENTRIES[name].growth }),
  );
  const busiest = boosters.sort((a, b) => b - a).slice(0, threads);
  const booster = busiest.reduce((sum, bytes) => sum + bytes, 0);
  const explaining =
    threads * SHAP_COPIES * Float64Array.BYTES_PER_ELEMENT * columns * Math.min(rows, chunkRows(columns));
  const kept = keptBytes(rows, columns, config);
  return estimateBinnedBytes(rows, columns, bins) + Math.max(booster, explaining + kept);
}

/** What folds select beside the final models' features is about as much again. */
const FOLD_COLUMNS = 2;

/** The columns that the models of the folds are trained from, where they select their own. */
function foldBytes(rows: number, columns: number, retained: number, config: LearnConfig): number {
  if (config.select.nested === 'no') return 0;
  return estimateBinnedBytes(rows, Math.min(columns, FOLD_COLUMNS * retained), config.binning.bins);
}

/** SHAP values of all rows, where they are kept for a file. */
function keptBytes(rows: number, columns: number, { explain }: LearnConfig): number {
  if (explain.export === 'no') return 0;
  return (explain.value === 'yes' ? 2 : 1) * Float64Array.BYTES_PER_ELEMENT * rows * columns;
}
