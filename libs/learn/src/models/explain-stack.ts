import { treeShap } from '../shap/tree-shap.js';
import { GROWTHS, type HorizonModels } from './horizon-models.js';
import { checkCancelled, type ModelContext, retainedMatrix } from './model-context.js';

/** Bytes that the SHAP values of one chunk of rows may take over all boosters. */
const CHUNK_BYTES = 96 * 2 ** 20;
const LEAST_CHUNK_ROWS = 512;
const MOST_CHUNK_ROWS = 16_384;

function chunkRows(columns: number): number {
  const affordable = Math.floor(CHUNK_BYTES / (8 * GROWTHS.length * columns));
  return Math.min(MOST_CHUNK_ROWS, Math.max(LEAST_CHUNK_ROWS, affordable));
}

/** Bytes of the binned matrix's group between two rows of a column. */
const ROW_STRIDE = 8;

export interface ExplainInput {
  readonly context: ModelContext;
  readonly models: HorizonModels;
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

/**
 * SHAP values add up, so those of a weighted sum of boosters are the weighted sum of theirs.
 *
 * @throws Error when SHAP values do not add up to a booster's raw output
 * @throws CancelledError when asked to stop
 */
export function explainStack({ context, models, scales, rows, onProgress }: ExplainInput): StackExplanation {
  const matrix = retainedMatrix(context);
  const perColumn = (length: number) =>
    Array.from({ length: matrix.columns }, () => new Float64Array(length));
  const stack = new Float64Array(matrix.columns);
  const boosters = GROWTHS.map(() => new Float64Array(matrix.columns));
  const sumByBin = perColumn(matrix.bins);
  const rowsByBin = perColumn(matrix.bins);
  const step = chunkRows(matrix.columns);
  let maxAdditivityError = 0;
  for (let from = 0; from < rows.length; from += step) {
    checkCancelled(context, 'explain');
    const chunk = rows.subarray(from, Math.min(rows.length, from + step));
    const options = { isCancelled: context.isCancelled };
    const shap = GROWTHS.map((growth) => treeShap(models.boosters[growth], matrix, chunk, options));
    for (const { maxAdditivityError: error } of shap)
      maxAdditivityError = Math.max(maxAdditivityError, error);
    const bytes = new Uint8Array(matrix.memory.buffer);
    for (let column = 0; column < matrix.columns; column++) {
      const address = matrix.columnAddress(column);
      for (let k = 0; k < chunk.length; k++) {
        let sum = 0;
        for (let b = 0; b < shap.length; b++) {
          const value = shap[b]!.values[column * chunk.length + k]!;
          boosters[b]![column]! += Math.abs(value);
          sum += scales[b]! * value;
        }
        stack[column]! += Math.abs(sum);
        const bin = bytes[address + ROW_STRIDE * chunk[k]!]!;
        sumByBin[column]![bin]! += sum;
        rowsByBin[column]![bin]! += 1;
      }
    }
    onProgress?.((from + chunk.length) / rows.length);
  }
  const mean = (sums: Float64Array) => sums.map((sum) => sum / Math.max(1, rows.length));
  return {
    rows: rows.length,
    stack: mean(stack),
    boosters: boosters.map(mean),
    sumByBin,
    rowsByBin,
    maxAdditivityError,
  };
}
