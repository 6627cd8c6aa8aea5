import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { Booster } from '../boosting/booster.js';
import { checkBins, checkRows } from '../boosting/create-booster.js';
import { predictValues } from '../boosting/predict-values.js';
import { CancelledError } from '../errors/cancelled-error.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { paddedRows } from './background-rows.js';
import { type DecisionSource, decisionsOfBins, decisionsOfValues } from './decision-source.js';
import { expectedValue } from './leaf-paths.js';
import type { ShapKernel } from './shap-kernel.js';
import { type BlockPlan, ShapWork, TILE_ROWS } from './shap-work.js';

/** SHAP values of raw scores: for every row, base value + sum over columns = raw score. */
export interface ShapValues {
  /** Expected raw score: over the training rows as the trees weigh them, or over the background rows. */
  readonly baseValue: number;
  /** [column][row], rows in the order given. */
  readonly values: Float64Array;
  /** Largest |base + sum - raw| / max(1, |raw|) of any row; at most 1e-9 or an error was thrown. */
  readonly maxAdditivityError: number;
}

/** What SHAP says about each column over all rows, without keeping the rows' values. */
export interface ShapSummary {
  readonly baseValue: number;
  /** Mean |value| by column. */
  readonly meanAbsolute: Float64Array;
  /** Mean value by column. */
  readonly mean: Float64Array;
  readonly rows: number;
  readonly maxAdditivityError: number;
}

/** Values of some rows, handed out as they are ready. */
export interface ShapBlock {
  /** Position of the block's first row in the rows given. */
  readonly first: number;
  readonly rows: number;
  /** Columns the model uses, ascending; all other columns' values are 0. */
  readonly usedColumns: readonly number[];
  /** Values of one of `usedColumns` by row; only valid during the call. */
  column(column: number): Float64Array;
}

export interface ShapOptions {
  /**
   * Rows to compare with, for interventional values (Lundberg et al. 2020): a column left out takes the value of
   * each of these rows, and values are averaged over them. Path-dependent values without.
   */
  background?: Uint32Array | undefined;
  /** Memory for the values of one block, in bytes. Default 128 MiB. */
  blockBytes?: number;
  isCancelled?(): boolean;
  /** Called now and then with the share of the work done. */
  onProgress?(fraction: number): void;
}

interface Explanation {
  readonly baseValue: number;
  readonly maxAdditivityError: number;
}

/** Additivity beyond this, relative to max(1, |raw score|), is an error in the algorithm, not rounding. */
const ADDITIVITY_LIMIT = 1e-9;
const DEFAULT_BLOCK_BYTES = 128 * 2 ** 20;
/**
 * Exact TreeSHAP values of the given rows, path-dependent (Lundberg et al. 2018, arXiv 1802.03888) or, with
 * `background` rows, interventional: by tables where no path has more than 8 distinct columns, else by
 * algorithms for any depth.
 *
 * @throws Error when the matrix has other bins than the model, or when additivity fails
 * @throws LearnInputError when there is no background row
 */
export function treeShap(
  booster: Booster,
  matrix: BinnedMatrix,
  rows: Uint32Array,
  options: ShapOptions = {},
): ShapValues {
  const values = new Float64Array(booster.columns * rows.length);
  const collect = (block: ShapBlock) => collectBlock(block, rows.length, values);
  return { ...treeShapBlocks(booster, matrix, rows, collect, options), values };
}

/** `treeShap` on raw values by column and row, for models read from elsewhere. */
export function treeShapOfValues(
  booster: Booster,
  columns: readonly ArrayLike<number>[],
  rows: Uint32Array,
  options: ShapOptions = {},
): ShapValues {
  const values = new Float64Array(booster.columns * rows.length);
  const plan = planBlocks(booster, rows.length, options);
  const source = decisionsOfValues(columns, rows);
  const raw = predictValues(booster, columns, rows);
  const kernel = loadKernel<ShapKernel>('shap', source.memory);
  const collect = (block: ShapBlock) => collectBlock(block, rows.length, values);
  const background = options.background && {
    source: decisionsOfValues(columns, options.background, source.memory),
    baseValue: meanOf(predictValues(booster, columns, options.background)),
  };
  return { ...explain(booster, plan, { source, kernel, raw, background }, collect, options), values };
}

/** `treeShap` reduced to means by column; needs memory for one block of rows only. */
export function shapSummary(
  booster: Booster,
  matrix: BinnedMatrix,
  rows: Uint32Array,
  options: ShapOptions = {},
): ShapSummary {
  const meanAbsolute = new Float64Array(booster.columns);
  const mean = new Float64Array(booster.columns);
  const explanation = treeShapBlocks(
    booster,
    matrix,
    rows,
    (block) => {
      for (const column of block.usedColumns) {
        const values = block.column(column);
        let sum = 0;
        let absolute = 0;
        for (let i = 0; i < values.length; i++) {
          sum += values[i]!;
          absolute += Math.abs(values[i]!);
        }
        mean[column]! += sum / rows.length;
        meanAbsolute[column]! += absolute / rows.length;
      }
    },
    options,
  );
  return { ...explanation, meanAbsolute, mean, rows: rows.length };
}

/**
 * `treeShap` block by block, so that all rows can be explained in bounded memory.
 * @throws as `treeShap`; CancelledError when `isCancelled` says so
 */
export function treeShapBlocks(
  booster: Booster,
  matrix: BinnedMatrix,
  rows: Uint32Array,
  onBlock: (block: ShapBlock) => void,
  options: ShapOptions = {},
): Explanation {
  checkBins(booster, matrix);
  checkRows(rows, matrix.rows);
  const raw = booster.predictRaw(matrix, rows);
  const kernel = loadKernel<ShapKernel>('shap', matrix.memory);
  const plan = planBlocks(booster, rows.length, options);
  const source = decisionsOfBins(matrix, rows, kernel, plan);
  let background: Task['background'];
  try {
    background = options.background && backgroundOfBins(booster, matrix, options.background, plan);
    return explain(booster, plan, { source, kernel, raw, background }, onBlock, options);
  } finally {
    background?.source.release();
    source.release();
  }
}

function backgroundOfBins(booster: Booster, matrix: BinnedMatrix, rows: Uint32Array, { columns }: BlockPlan) {
  checkRows(rows, matrix.rows);
  const kernel = loadKernel<ShapKernel>('shap', matrix.memory);
  return {
    source: decisionsOfBins(matrix, rows, kernel, { columns, blockRows: paddedRows(rows.length) }),
    baseValue: meanOf(booster.predictRaw(matrix, rows)),
  };
}

function meanOf(values: Float64Array): number {
  if (values.length === 0) throw new LearnInputError('interventional SHAP needs at least one background row');
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function collectBlock(block: ShapBlock, rows: number, values: Float64Array): void {
  for (const column of block.usedColumns) values.set(block.column(column), column * rows + block.first);
}

function planBlocks(booster: Booster, rows: number, { blockBytes }: ShapOptions): BlockPlan {
  const columns = [...new Set(booster.trees.flatMap((tree) => [...tree.column]))].sort((a, b) => a - b);
  const perRow = 8 * Math.max(1, columns.length);
  const budget = Math.floor((blockBytes ?? DEFAULT_BLOCK_BYTES) / perRow / TILE_ROWS) * TILE_ROWS;
  const blockRows = Math.min(Math.max(TILE_ROWS, budget), Math.ceil(rows / TILE_ROWS) * TILE_ROWS);
  return { columns, blockRows };
}

interface Task {
  readonly source: DecisionSource;
  readonly kernel: ShapKernel;
  /** Raw scores of the rows. */
  readonly raw: Float64Array;
  readonly background: { readonly source: DecisionSource; readonly baseValue: number } | undefined;
}

function explain(
  booster: Booster,
  plan: BlockPlan,
  { source, kernel, raw, background }: Task,
  onBlock: (block: ShapBlock) => void,
  options: ShapOptions,
): Explanation {
  const { columns: usedColumns, blockRows } = plan;
  const baseValue =
    background?.baseValue ??
    booster.trees.reduce((sum, tree) => sum + expectedValue(tree), booster.baseScore);
  const work = new ShapWork(booster.trees, source, kernel, plan, background?.source);
  let maxAdditivityError = 0;
  try {
    for (let first = 0; first < source.rows; first += blockRows) {
      const rows = Math.min(blockRows, source.rows - first);
      source.open(first, rows);
      work.explain(rows, (share) => {
        if (options.isCancelled?.()) throw new CancelledError('explaining');
        options.onProgress?.((first + share * rows) / source.rows);
      });
      const block = { first, rows, usedColumns, column: (column: number) => work.column(column, rows) };
      maxAdditivityError = Math.max(maxAdditivityError, additivityError(block, baseValue, raw));
      onBlock(block);
    }
  } finally {
    work.release();
  }
  return { baseValue, maxAdditivityError };
}

function additivityError(block: ShapBlock, baseValue: number, raw: Float64Array): number {
  const sums = new Float64Array(block.rows).fill(baseValue);
  for (const column of block.usedColumns) {
    const values = block.column(column);
    for (let i = 0; i < sums.length; i++) sums[i]! += values[i]!;
  }
  let most = 0;
  for (let i = 0; i < sums.length; i++) {
    const score = raw[block.first + i]!;
    const error = Math.abs(sums[i]! - score) / Math.max(1, Math.abs(score));
    if (!(error <= ADDITIVITY_LIMIT)) {
      throw new Error(`SHAP values of row ${block.first + i} sum to ${sums[i]}, its raw score is ${score}`);
    }
    most = Math.max(most, error);
  }
  return most;
}
