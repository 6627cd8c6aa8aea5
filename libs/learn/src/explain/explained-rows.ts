import type { PairInput } from '../data/pair-input.js';
import type { Explanation } from './explain-horizon.js';
import type { FeatureRanking } from './feature-ranking.js';

/** Explained values of one output: base value + known + sum over features = prediction, row by row. */
export interface ExplainedValues {
  readonly name: 'direction' | 'value';
  readonly unit: 'log-odds' | 'percent';
  readonly baseValue: number;
  /** Contribution of the part that no feature is needed for, by row. */
  readonly known: { readonly name: string; readonly values: Float64Array };
  readonly prediction: Float64Array;
  /** SHAP values in parts of consecutive rows. */
  readonly parts: readonly ExplainedPart[];
}

export interface ExplainedPart {
  readonly rows: number;
  /** SHAP values of the part's rows by feature, in the order of {@link ExplainedRows.features}. */
  readonly features: readonly Float64Array[];
}

/** The SHAP values of every explained row, as they are written to a file. */
export interface ExplainedRows {
  /** Retained features, and products of them, by rank. */
  readonly features: readonly string[];
  /** Epoch milliseconds by row. */
  readonly time: Float64Array;
  /** 1 where the row is in the untouched final segment. */
  readonly final: Int32Array;
  readonly outputs: readonly ExplainedValues[];
}

export interface ExplainedRowsInput {
  readonly pair: Pick<PairInput, 'time'>;
  /** Of the final models. */
  readonly columns: readonly { readonly name: string }[];
  readonly ranking: FeatureRanking;
  /** First row of the final segment. */
  readonly finalStart: number;
}

/** Rows of an explanation that kept the values of all its rows. */
export function explainedRows(
  { rows, outputs }: Explanation,
  { pair, columns, ranking, finalStart }: ExplainedRowsInput,
): ExplainedRows {
  return {
    features: ranking.order.map((column) => columns[column]!.name),
    time: Float64Array.from(rows, (row) => pair.time[row]!),
    final: Int32Array.from(rows, (row) => (row >= finalStart ? 1 : 0)),
    outputs: outputs.map(({ output, baseValue, prediction, kept, features }) => ({
      name: output.name,
      unit: output.unit,
      baseValue,
      known: {
        name: output.known.name,
        values: Float64Array.from(rows, (row) => output.known.value[row]! - output.known.mean),
      },
      prediction,
      parts: kept.map((values) => {
        const count = values.length / features.length;
        const own = ranking.order.map((column) => values.subarray(column * count, (column + 1) * count));
        return { rows: count, features: own };
      }),
    })),
  };
}
