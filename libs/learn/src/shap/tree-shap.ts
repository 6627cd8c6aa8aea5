import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { Booster, Tree } from '../boosting/booster.js';
import { checkBins, checkRows } from '../boosting/create-booster.js';
import { predictValues } from '../boosting/predict-values.js';
import { CancelledError } from '../cancelled-error.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type DecisionSource, decisionsOfBins, decisionsOfValues } from './decision-source.js';
import { expectedValue, leafPaths } from './leaf-paths.js';
import { addRecursiveShap } from './recursive-shap.js';
import type { ShapKernel } from './shap-kernel.js';
import { MOST_TABULATED_FEATURES, TabulatedShap } from './tabulated-shap.js';

/** SHAP values of raw scores: for every row, base value + sum over columns = raw score. */
export interface ShapValues {
  /** Expected raw score over the training rows, as the trees weigh them. */
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
  /** Memory for the values of one block, in bytes. Default 128 MiB. */
  blockBytes?: number;
  isCancelled?(): boolean;
  /** Called after each tree with the share of the work done. */
  onProgress?(fraction: number): void;
}

interface Explanation {
  readonly baseValue: number;
  readonly maxAdditivityError: number;
}

/** Additivity beyond this, relative to max(1, |raw score|), is an error in the algorithm, not rounding. */
const ADDITIVITY_LIMIT = 1e-9;
const DEFAULT_BLOCK_BYTES = 128 * 2 ** 20;
/** Rows whose decisions, masks and outputs are worked on while they are in the cache. */
const TILE_ROWS = 1024;

/**
 * Exact path-dependent TreeSHAP values (Lundberg et al. 2018, arXiv 1802.03888) of the given rows: by
 * tables where no path has more than 8 distinct columns, else by the recursive algorithm.
 *
 * @throws Error when the matrix has other bins than the model, or when additivity fails
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
  const source = decisionsOfValues(columns, rows);
  const raw = predictValues(booster, columns, rows);
  const kernel = loadKernel<ShapKernel>('shap', source.memory);
  const collect = (block: ShapBlock) => collectBlock(block, rows.length, values);
  return { ...explain(booster, source, kernel, raw, collect, options), values };
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
        for (let i = 0; i < values.length; i++) {
          meanAbsolute[column]! += Math.abs(values[i]!) / rows.length;
          mean[column]! += values[i]! / rows.length;
        }
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
  const source = decisionsOfBins(matrix, rows, kernel);
  try {
    return explain(booster, source, kernel, raw, onBlock, options);
  } finally {
    source.release();
  }
}

function collectBlock(block: ShapBlock, rows: number, values: Float64Array): void {
  for (const column of block.usedColumns) values.set(block.column(column), column * rows + block.first);
}

function explain(
  booster: Booster,
  source: DecisionSource,
  kernel: ShapKernel,
  raw: Float64Array,
  onBlock: (block: ShapBlock) => void,
  options: ShapOptions,
): Explanation {
  const baseValue = booster.trees.reduce((sum, tree) => sum + expectedValue(tree), booster.baseScore);
  const usedColumns = [...new Set(booster.trees.flatMap((tree) => [...tree.column]))].sort((a, b) => a - b);
  const perRow = 8 * Math.max(1, usedColumns.length);
  const budget = Math.floor((options.blockBytes ?? DEFAULT_BLOCK_BYTES) / perRow / TILE_ROWS) * TILE_ROWS;
  const blockRows = Math.min(Math.max(TILE_ROWS, budget), Math.ceil(source.rows / TILE_ROWS) * TILE_ROWS);
  const work = new ShapWork(source, kernel, usedColumns, blockRows, mostNodes(booster.trees));
  let maxAdditivityError = 0;
  try {
    for (let first = 0; first < source.rows; first += blockRows) {
      const rows = Math.min(blockRows, source.rows - first);
      work.clear();
      booster.trees.forEach((tree, i) => {
        if (options.isCancelled?.()) throw new CancelledError('explaining');
        work.addTree(tree, first, rows);
        const done = (first + (rows * (i + 1)) / booster.trees.length) / source.rows;
        options.onProgress?.(done);
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

function mostNodes(trees: readonly Tree[]): number {
  return trees.reduce((nodes, tree) => Math.max(nodes, tree.column.length), 1);
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

/** Shared memory of one explanation: values by used column, decisions of one tile of rows. */
class ShapWork {
  readonly #arena: Arena;
  readonly #scope: ArenaScope;
  readonly #tables: TabulatedShap;
  readonly #values: number;
  readonly #decisions: number;
  readonly #place = new Map<number, number>();

  constructor(
    readonly source: DecisionSource,
    kernel: ShapKernel,
    readonly usedColumns: readonly number[],
    readonly blockRows: number,
    nodes: number,
  ) {
    this.#arena = new Arena(source.memory);
    this.#scope = new ArenaScope(this.#arena);
    usedColumns.forEach((column, i) => {
      this.#place.set(column, i);
    });
    try {
      this.#values = this.#scope.allocate(8 * usedColumns.length * blockRows, 'SHAP values of a block');
      this.#decisions = this.#scope.allocate(nodes * TILE_ROWS, 'decisions of a tree');
      this.#tables = new TabulatedShap(source.memory, kernel, TILE_ROWS);
    } catch (error) {
      this.#scope.release();
      throw error;
    }
  }

  clear(): void {
    this.#arena.f64(this.#values, this.usedColumns.length * this.blockRows).fill(0);
  }

  column(column: number, rows: number): Float64Array {
    return this.#arena.f64(this.#addressOf(column), rows);
  }

  addTree(tree: Tree, first: number, rows: number): void {
    if (tree.column.length === 0) return;
    const paths = leafPaths(tree);
    const isTabulated = paths.every((path) => path.columns.length <= MOST_TABULATED_FEATURES);
    if (isTabulated) this.#tables.prepare(tree, paths, (column) => this.#addressOf(column));
    for (let offset = 0; offset < rows; offset += TILE_ROWS) {
      const count = Math.min(TILE_ROWS, rows - offset);
      this.#decide(tree, first + offset, count);
      if (isTabulated) {
        const padded = Math.ceil(count / 16) * 16;
        this.#tables.add(this.#decisions, TILE_ROWS, padded, 8 * offset);
      } else this.#addRecursively(tree, offset, count);
    }
  }

  release(): void {
    this.#tables.release();
    this.#scope.release();
  }

  #addressOf(column: number): number {
    return this.#values + 8 * this.#place.get(column)! * this.blockRows;
  }

  #decide(tree: Tree, from: number, count: number): void {
    for (let node = 0; node < tree.column.length; node++) {
      this.source.decide(tree, node, from, this.#arena.u8(this.#decisions + node * TILE_ROWS, count));
    }
  }

  #addRecursively(tree: Tree, offset: number, count: number): void {
    const decisions = this.#arena.u8(this.#decisions, tree.column.length * TILE_ROWS);
    const outputs = new Map(
      this.usedColumns.map((column) => [column, this.column(column, this.blockRows).subarray(offset)]),
    );
    for (let row = 0; row < count; row++) {
      const goesLeft = (node: number) => decisions[node * TILE_ROWS + row] === 255;
      addRecursiveShap(tree, goesLeft, (column, contribution) => {
        outputs.get(column)![row]! += contribution;
      });
    }
  }
}
