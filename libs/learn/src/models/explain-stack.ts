import { type BinnedMatrix, type BinnedMatrixHandle, openBinnedMatrix } from '../binning/binned-matrix.js';
import type { BoosterParts } from '../boosting/booster.js';
import { createBooster } from '../boosting/create-booster.js';
import { type ProgressHooks, reportProgress } from '../progress-hooks.js';
import { treeShap } from '../shap/tree-shap.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { type ModelContext, retainedMatrix } from './model-context.js';
import { GROWTHS, type TrainedModels } from './train-models.js';

/** Bytes that the SHAP values of one chunk of rows may take over all boosters. */
const CHUNK_BYTES = 96 * 2 ** 20;
const LEAST_CHUNK_ROWS = 512;
const MOST_CHUNK_ROWS = 16_384;

/** Rows whose SHAP values a thread holds at once. */
export function chunkRows(columns: number): number {
  const affordable = Math.floor(CHUNK_BYTES / (8 * GROWTHS.length * columns));
  return Math.min(MOST_CHUNK_ROWS, Math.max(LEAST_CHUNK_ROWS, affordable));
}

/** Bytes of the binned matrix's group between two rows of a column. */
const ROW_STRIDE = 8;

export interface ExplainInput {
  readonly context: ModelContext;
  readonly models: TrainedModels;
  /** Factor of each booster's raw output in the stack's log-odds, in the order of {@link GROWTHS}. */
  readonly scales: readonly number[];
  readonly rows: Uint32Array;
  readonly onProgress?: (fraction: number) => void;
}

/** Exact TreeSHAP of the boosters and of their sum in the stack's log-odds; per column of the matrix. */
export interface StackExplanation {
  readonly rows: number;
  /** Mean |SHAP| of the weighted sum of the boosters. */
  readonly stack: Float64Array;
  /** Mean |SHAP| of each booster on its own. */
  readonly boosters: readonly Float64Array[];
  /** Sum over rows of the stack's SHAP value by the feature's bin; `bins` values a column. */
  readonly sumByBin: readonly Float64Array[];
  readonly rowsByBin: readonly Float64Array[];
  /** Largest |base value + sum of SHAP - raw output| over rows and boosters. */
  readonly maxAdditivityError: number;
}

/** The same as sums over the rows of a chunk. */
type ExplainedSums = Omit<StackExplanation, 'rows'>;

interface Explaining {
  readonly matrix: BinnedMatrixHandle;
  readonly boosters: readonly BoosterParts[];
  readonly scales: readonly number[];
}

/** One chunk of rows. */
export const EXPLAINED_ROWS: PieceKind<Explaining, Uint32Array, ExplainedSums> = {
  name: 'explained-rows',
  compute: explainRows,
};

/**
 * SHAP values add up, so those of a weighted sum of boosters are the weighted sum of theirs.
 *
 * @throws Error when SHAP values do not add up to a booster's raw output
 * @throws CancelledError when asked to stop
 */
export function explainStack(input: ExplainInput): StackExplanation {
  const { context, models, scales, rows, onProgress } = input;
  const matrix = retainedMatrix(context);
  const step = chunkRows(matrix.columns);
  const chunks: Uint32Array[] = [];
  for (let from = 0; from < rows.length; from += step) chunks.push(rows.slice(from, from + step));
  const boosters = GROWTHS.map((growth) => models[growth].booster!);
  const parts = context.pool.compute(EXPLAINED_ROWS, { matrix: matrix.handle, boosters, scales }, chunks, {
    isCancelled: context.isCancelled,
    ...(onProgress ? { onProgress } : {}),
  });
  const all = emptySums(matrix);
  for (const part of parts) addSums(all, part);
  const mean = (sums: Float64Array) => sums.map((sum) => sum / Math.max(1, rows.length));
  return { ...all, rows: rows.length, stack: mean(all.stack), boosters: all.boosters.map(mean) };
}

function explainRows(
  { matrix: handle, boosters: parts, scales }: Explaining,
  rows: Uint32Array,
  hooks: ProgressHooks,
): ExplainedSums {
  const matrix = openBinnedMatrix(handle);
  const isCancelled = () => hooks.isCancelled?.() ?? false;
  const shap = parts.map((booster, b) => {
    reportProgress(hooks, b / parts.length);
    return treeShap(createBooster(booster), matrix, rows, { isCancelled });
  });
  const { stack, boosters, sumByBin, rowsByBin } = emptySums(matrix);
  const bytes = new Uint8Array(matrix.memory.buffer);
  for (let column = 0; column < matrix.columns; column++) {
    const address = matrix.columnAddress(column);
    for (let k = 0; k < rows.length; k++) {
      let sum = 0;
      for (let b = 0; b < shap.length; b++) {
        const value = shap[b]!.values[column * rows.length + k]!;
        boosters[b]![column]! += Math.abs(value);
        sum += scales[b]! * value;
      }
      stack[column]! += Math.abs(sum);
      const bin = bytes[address + ROW_STRIDE * rows[k]!]!;
      sumByBin[column]![bin]! += sum;
      rowsByBin[column]![bin]! += 1;
    }
  }
  const maxAdditivityError = Math.max(...shap.map((one) => one.maxAdditivityError));
  return { stack, boosters, sumByBin, rowsByBin, maxAdditivityError };
}

function emptySums({ columns, bins }: BinnedMatrix): ExplainedSums {
  const perColumn = () => Array.from({ length: columns }, () => new Float64Array(bins));
  return {
    stack: new Float64Array(columns),
    boosters: GROWTHS.map(() => new Float64Array(columns)),
    sumByBin: perColumn(),
    rowsByBin: perColumn(),
    maxAdditivityError: 0,
  };
}

function addSums(all: Writable<ExplainedSums>, part: ExplainedSums): void {
  const add = (into: Float64Array, from: Float64Array) => {
    for (let i = 0; i < into.length; i++) into[i]! += from[i]!;
  };
  add(all.stack, part.stack);
  for (const [b, sums] of part.boosters.entries()) add(all.boosters[b]!, sums);
  for (const [column, sums] of part.sumByBin.entries()) add(all.sumByBin[column]!, sums);
  for (const [column, rows] of part.rowsByBin.entries()) add(all.rowsByBin[column]!, rows);
  all.maxAdditivityError = Math.max(all.maxAdditivityError, part.maxAdditivityError);
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
