import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { type ModelContext, retainedMatrix } from '../training/model-context.js';
import type { AdditiveOutput } from './additive-output.js';
import { EXPLAINED_ROWS, type ExplainedChunk, type OutputSums } from './explain-rows.js';

/** Bytes that the SHAP values of one chunk of rows may take. */
const CHUNK_BYTES = 32 * 2 ** 20;
const LEAST_CHUNK_ROWS = 512;
const MOST_CHUNK_ROWS = 16_384;

/** Rows whose SHAP values a thread holds at once. */
export function chunkRows(columns: number): number {
  const affordable = Math.floor(CHUNK_BYTES / (8 * columns));
  return Math.min(MOST_CHUNK_ROWS, Math.max(LEAST_CHUNK_ROWS, affordable));
}

export interface ExplainInput {
  readonly context: ModelContext;
  readonly outputs: readonly AdditiveOutput[];
  readonly rows: Uint32Array;
  /** Rows to compare with, for interventional values of the boosters; path-dependent ones without. */
  readonly background?: Uint32Array | undefined;
  /** Positions in `rows` of those to keep the values of, ascending. */
  readonly kept: Uint32Array;
  readonly onProgress?: (fraction: number) => void;
}

/** SHAP of one output over all explained rows; by column of the matrix of retained features. */
export interface ExplainedOutput {
  readonly output: AdditiveOutput;
  readonly baseValue: number;
  /** Mean |SHAP|. */
  readonly features: Float64Array;
  readonly knownMeanAbs: number;
  /** Mean |SHAP| of each model on its own: the boosters, then the linear model. */
  readonly models: readonly { readonly name: string; readonly meanAbs: Float64Array }[];
  readonly sumByBin: readonly Float64Array[];
  readonly rowsByBin: readonly Float64Array[];
  readonly maxAdditivityError: number;
  /** Of every explained row. */
  readonly prediction: Float64Array;
  /** Values of the kept rows in parts, each [column][row]. */
  readonly kept: readonly Float64Array[];
}

export interface Explanation {
  readonly rows: Uint32Array;
  readonly keptRows: Uint32Array;
  /** In the order asked for. */
  readonly outputs: readonly ExplainedOutput[];
}

/**
 * Exact SHAP values of additive outputs: those of a sum of models are the sum of theirs.
 *
 * @throws Error when SHAP values do not add up to a prediction
 * @throws CancelledError when asked to stop
 */
export function explainHorizon(input: ExplainInput): Explanation {
  const { context, outputs, rows, background, kept, onProgress } = input;
  const matrix = retainedMatrix(context);
  const chunks = chunksOf(rows, kept, chunkRows(matrix.columns));
  const shared = { matrix: matrix.handle, outputs, background };
  const parts = context.pool.compute(EXPLAINED_ROWS, shared, chunks, {
    isCancelled: context.isCancelled,
    ...(onProgress ? { onProgress } : {}),
  });
  return {
    rows,
    keptRows: kept.map((position) => rows[position]!),
    outputs: outputs.map((output, o) =>
      joined(
        output,
        parts.map((part) => part[o]!),
        matrix,
      ),
    ),
  };
}

function chunksOf(rows: Uint32Array, kept: Uint32Array, step: number): ExplainedChunk[] {
  const chunks: ExplainedChunk[] = [];
  for (let from = 0; from < rows.length; from += step) {
    const inside = kept.filter((position) => position >= from && position < from + step);
    chunks.push({ rows: rows.slice(from, from + step), kept: inside.map((position) => position - from) });
  }
  return chunks;
}

function joined(output: AdditiveOutput, parts: readonly OutputSums[], matrix: BinnedMatrix): ExplainedOutput {
  const rows = parts.reduce((sum, { prediction }) => sum + prediction.length, 0);
  const sumOf = (length: number, arrays: readonly Float64Array[]) => {
    const sum = new Float64Array(length);
    for (const array of arrays) for (let i = 0; i < length; i++) sum[i]! += array[i]!;
    return sum;
  };
  const meanOf = (arrays: readonly Float64Array[]) =>
    sumOf(matrix.columns, arrays).map((sum) => sum / Math.max(1, rows));
  const byBin = (pick: (part: OutputSums) => readonly Float64Array[]) =>
    Array.from({ length: matrix.columns }, (_, column) =>
      sumOf(
        matrix.bins,
        parts.map((part) => pick(part)[column]!),
      ),
    );
  const names = [...output.boosters.map(({ name }) => name), output.linear.name];
  return {
    output,
    baseValue: parts[0]?.baseValue ?? Number.NaN,
    features: meanOf(parts.map((part) => part.features)),
    knownMeanAbs: parts.reduce((sum, { known }) => sum + known, 0) / Math.max(1, rows),
    models: names.map((name, m) => ({ name, meanAbs: meanOf(parts.map(({ models }) => models[m]!)) })),
    sumByBin: byBin((part) => part.sumByBin),
    rowsByBin: byBin((part) => part.rowsByBin),
    maxAdditivityError: parts.reduce((most, part) => Math.max(most, part.maxAdditivityError), 0),
    prediction: Float64Array.from(parts.flatMap(({ prediction }) => [...prediction])),
    kept: parts.map((part) => part.kept),
  };
}

/** SHAP values of the kept rows of an output, by column. */
export function keptColumn({ kept, features }: ExplainedOutput): (column: number) => Float64Array {
  const columns = features.length;
  const rows = kept.reduce((sum, part) => sum + part.length, 0) / columns;
  return (column) => {
    const values = new Float64Array(rows);
    let position = 0;
    for (const part of kept) {
      const length = part.length / columns;
      values.set(part.subarray(column * length, (column + 1) * length), position);
      position += length;
    }
    return values;
  };
}
