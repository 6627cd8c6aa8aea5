import { GROUP_COLUMNS } from '../binning/binned-bytes.js';
import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { BinnedMatrixHandle } from '../binning/matrix-storage.js';
import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import { createBooster } from '../boosting/create-booster.js';
import { partOf } from '../progress/progress-hooks.js';
import { type ShapBlock, type ShapOptions, treeShapBlocks } from '../shap/tree-shap.js';
import type { PieceKind } from '../threads/piece-kind.js';
import type { AdditiveOutput } from './additive-output.js';

/** Additivity beyond this, relative to max(1, |prediction|), is an error in the algorithm, not rounding. */
const ADDITIVITY_LIMIT = 1e-9;

export interface Explaining {
  readonly matrix: BinnedMatrixHandle;
  readonly outputs: readonly AdditiveOutput[];
  /** Given for interventional values of the boosters. */
  readonly background?: Uint32Array | undefined;
}

/** Rows to explain together, and which of them (positions) to keep the values of. */
export interface ExplainedChunk {
  readonly rows: Uint32Array;
  readonly kept: Uint32Array;
}

/** SHAP values of one output on a chunk of rows, as sums over the rows. */
export interface OutputSums {
  /** Expected output: with every value added, the prediction. */
  readonly baseValue: number;
  /** Sum of |SHAP| by matrix column. */
  readonly features: Float64Array;
  /** Sum of |contribution| of the part known without features. */
  readonly known: number;
  /** The same as `features` by model: the boosters on their own, then the linear model, without their scales. */
  readonly models: readonly Float64Array[];
  /** By matrix column: sum of SHAP by the feature's bin, and how many rows. */
  readonly sumByBin: readonly Float64Array[];
  readonly rowsByBin: readonly Float64Array[];
  /** Largest |base value + sum of SHAP - prediction|, relative to max(1, |prediction|). */
  readonly maxAdditivityError: number;
  /** By row. */
  readonly prediction: Float64Array;
  /** SHAP values of the kept rows, [column][row]. */
  readonly kept: Float64Array;
}

/** All outputs on one chunk of rows. */
export const EXPLAINED_ROWS: PieceKind<Explaining, ExplainedChunk, readonly OutputSums[]> = {
  name: 'explained-rows',
  compute: ({ matrix: handle, outputs, background }, chunk, hooks) => {
    const matrix = openBinnedMatrix(handle);
    return outputs.map((output, k) => {
      const part = partOf(hooks, k / outputs.length, (k + 1) / outputs.length);
      return explainOutput(output, matrix, chunk, { ...part, background });
    });
  },
};

/**
 * @throws Error when the values of a row do not add up to its prediction
 * @throws CancelledError when asked to stop
 */
function explainOutput(
  output: AdditiveOutput,
  matrix: BinnedMatrix,
  { rows, kept }: ExplainedChunk,
  options: ShapOptions,
): OutputSums {
  const values = new Float64Array(matrix.columns * rows.length);
  const trees = explainBoosters(output, matrix, rows, { values, options });
  const linear = addLinear(output, matrix, rows, values);
  const { known, constant } = output;
  const prediction = Float64Array.from(
    rows,
    (row, k) => constant + known.value[row]! + trees.raw[k]! + linear.raw[k]!,
  );
  const baseValue = constant + known.mean + trees.baseValue + linear.baseValue;
  const ownKnown = Float64Array.from(rows, (row) => known.value[row]! - known.mean);
  const maxAdditivityError = additivityError({ values, prediction, baseValue, ownKnown }, rows);
  return {
    baseValue,
    ...sumsOf(values, matrix, rows),
    known: ownKnown.reduce((sum, value) => sum + Math.abs(value), 0),
    models: [...trees.absolute, linear.absolute],
    maxAdditivityError: Math.max(maxAdditivityError, trees.maxAdditivityError),
    prediction,
    kept: Float64Array.from({ length: matrix.columns * kept.length }, (_, i) => {
      const column = Math.floor(i / kept.length);
      return values[column * rows.length + kept[i % kept.length]!]!;
    }),
  };
}

/** Adds the scaled TreeSHAP values of all boosters to `values`; |SHAP| of each on its own is summed. */
function explainBoosters(
  { boosters }: AdditiveOutput,
  matrix: BinnedMatrix,
  rows: Uint32Array,
  { values, options }: { values: Float64Array; options: ShapOptions },
) {
  const raw = new Float64Array(rows.length);
  let baseValue = 0;
  let maxAdditivityError = 0;
  const absolute = boosters.map(({ booster: parts, scale }, b) => {
    const booster = createBooster(parts);
    const sums = new Float64Array(matrix.columns);
    const onBlock = (block: ShapBlock) => {
      for (const column of block.usedColumns) {
        const own = block.column(column);
        const start = column * rows.length + block.first;
        let sum = 0;
        for (let k = 0; k < own.length; k++) {
          values[start + k]! += scale * own[k]!;
          sum += Math.abs(own[k]!);
        }
        sums[column]! += sum;
      }
    };
    const part = partOf(options, b / boosters.length, (b + 1) / boosters.length);
    const explained = treeShapBlocks(booster, matrix, rows, onBlock, { ...options, ...part });
    baseValue += scale * explained.baseValue;
    maxAdditivityError = Math.max(maxAdditivityError, explained.maxAdditivityError);
    booster.predictRaw(matrix, rows).forEach((score, k) => {
      raw[k]! += scale * score;
    });
    return sums;
  });
  return { raw, baseValue, maxAdditivityError, absolute };
}

/** Adds the scaled values of the linear model to `values`. */
function addLinear(
  { linear: { part, scale } }: AdditiveOutput,
  matrix: BinnedMatrix,
  rows: Uint32Array,
  values: Float64Array,
) {
  const bytes = new Uint8Array(matrix.memory.buffer);
  const raw = new Float64Array(rows.length).fill(scale * part.intercept);
  const absolute = new Float64Array(matrix.columns);
  part.columns.forEach((column, j) => {
    const address = matrix.columnAddress(column);
    const byBin = part.byBin[j]!;
    const mean = part.mean[j]!;
    for (let k = 0; k < rows.length; k++) {
      const value = byBin[bytes[address + GROUP_COLUMNS * rows[k]!]!]!;
      raw[k]! += scale * value;
      values[column * rows.length + k]! += scale * (value - mean);
      absolute[column]! += Math.abs(value - mean);
    }
  });
  return { raw, baseValue: scale * part.baseValue, absolute };
}

/** Sums of the finished values by column and by bin. */
function sumsOf(values: Float64Array, matrix: BinnedMatrix, rows: Uint32Array) {
  const bytes = new Uint8Array(matrix.memory.buffer);
  const perBin = () => Array.from({ length: matrix.columns }, () => new Float64Array(matrix.bins));
  const features = new Float64Array(matrix.columns);
  const [sumByBin, rowsByBin] = [perBin(), perBin()];
  for (let column = 0; column < matrix.columns; column++) {
    const address = matrix.columnAddress(column);
    for (let k = 0; k < rows.length; k++) {
      const value = values[column * rows.length + k]!;
      const bin = bytes[address + GROUP_COLUMNS * rows[k]!]!;
      features[column]! += Math.abs(value);
      sumByBin[column]![bin]! += value;
      rowsByBin[column]![bin]! += 1;
    }
  }
  return { features, sumByBin, rowsByBin };
}

interface Explained {
  readonly values: Float64Array;
  readonly prediction: Float64Array;
  readonly baseValue: number;
  readonly ownKnown: Float64Array;
}

function additivityError({ values, prediction, baseValue, ownKnown }: Explained, rows: Uint32Array): number {
  const sums = ownKnown.map((own) => baseValue + own);
  for (let i = 0; i < values.length; i++) sums[i % rows.length]! += values[i]!;
  let most = 0;
  sums.forEach((sum, k) => {
    const error = Math.abs(sum - prediction[k]!) / Math.max(1, Math.abs(prediction[k]!));
    if (!(error <= ADDITIVITY_LIMIT)) {
      throw new Error(`SHAP values of row ${rows[k]} sum to ${sum}, its prediction is ${prediction[k]}`);
    }
    most = Math.max(most, error);
  });
  return most;
}
