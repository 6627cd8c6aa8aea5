import { type ParquetColumn, type ParquetContent, writeParquet } from '@onescan/dataset/write-parquet.js';
import type { ExplainedRows } from '@onescan/learn';
import type { ComputeRequest } from './compute-protocol.js';
import type { LoadedPair } from './loaded-pair.js';

/** Prefix of the columns that explain the predicted value; those of the direction have none. */
const VALUE_PREFIX = 'value:';

const MICROSECONDS = 1000;

/** Writes the SHAP values of every explained row to a Parquet file. */
export async function writeExplanation(
  path: string,
  { pair, horizon, preset, seed }: ComputeRequest,
  { meta }: Pick<LoadedPair, 'meta'>,
  rows: ExplainedRows,
): Promise<void> {
  const metadata = {
    format: 'onescan.explained-rows',
    formatVersion: '1',
    pair,
    horizon: String(horizon),
    dataset: meta.datasetId,
    preset,
    seed: String(seed),
  };
  await writeParquet(path, explanationContent(rows, metadata));
}

/**
 * The columns of the file of SHAP values by row (docs/results.md): time, segment, and for each output base value,
 * known part, prediction and the features by rank. In every row base value + known part + features = prediction.
 */
function explanationContent(
  { features, time, final, outputs }: ExplainedRows,
  metadata: Readonly<Record<string, string>>,
): ParquetContent {
  const doubles = outputs.flatMap(({ name, known }) => {
    const prefix = name === 'value' ? VALUE_PREFIX : '';
    const prediction = name === 'value' ? 'prediction' : 'log_odds';
    return ['base_value', known.name, prediction, ...features].map((column) => `${prefix}${column}`);
  });
  const columns: ParquetColumn[] = [
    { name: 'interval_time', type: 'timestamp' },
    { name: 'final_segment', type: 'integer' },
    ...doubles.map((name) => ({ name, type: 'double' as const })),
  ];
  return { columns, parts: partsOf({ features, time, final, outputs }), metadata };
}

function* partsOf({ time, final, outputs }: ExplainedRows): Generator<ParquetContentPart> {
  let start = 0;
  for (let part = 0; part < outputs[0]!.parts.length; part++) {
    const end = start + outputs[0]!.parts[part]!.rows;
    yield [
      BigInt64Array.from(time.subarray(start, end), (ms) => BigInt(Math.round(ms * MICROSECONDS))),
      final.subarray(start, end),
      ...outputs.flatMap(({ baseValue, known, prediction, parts }) => [
        new Float64Array(end - start).fill(baseValue),
        known.values.subarray(start, end),
        prediction.subarray(start, end),
        ...parts[part]!.features,
      ]),
    ];
    start = end;
  }
}

type ParquetContentPart = ParquetContent['parts'] extends Iterable<infer Part> ? Part : never;
