import { setImmediate as turn } from 'node:timers/promises';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { BAR_COLUMN, knownPartColumn, PERSISTENCE_COLUMN } from '@onescan/dataset/dataset-layout.js';
import type { Booster } from '@onescan/learn/boosting/booster.js';
import { predictValues } from '@onescan/learn/boosting/predict-values.js';
import { applyModels, multipliedColumn } from '@onescan/learn/export/apply-models.js';
import { sigmoid } from '@onescan/learn/numeric/sigmoid.js';
import type { ModelDocument } from './model-document.js';
import type { OpenModel } from './open-model.js';
import { readColumns } from './read-columns.js';
import type { ReadColumns, WantedColumn } from './wanted-columns.js';

/** Rows between two looks at the signal. */
const BLOCK_ROWS = 2048;

/** Columns of numbers by row, NaN where there is no prediction. */
export interface Predictions {
  readonly rows: number;
  readonly time: BigInt64Array | null;
  readonly columns: readonly { readonly name: string; readonly values: Float64Array }[];
}

/**
 * Applies a model to data: log-odds, probability and value by the models of a horizon, the raw score (and for `binary` the
 * probability) by a single text.
 *
 * @throws OnescanError as {@link readColumns} does; INVALID_ARGUMENT when rows are not in order of time; CANCELLED
 */
export async function predict(model: OpenModel, path: string, signal: AbortSignal): Promise<Predictions> {
  const features = model.features.map(({ feature, encoding }) => ({ name: feature, encoding }));
  const sources = model.document ? sourceColumns(model.document) : [];
  const data = await readColumns(path, [...features, ...sources]);
  const values = data.values.slice(0, features.length);
  if (model.document) for (const column of values) makeInfiniteMissing(column);
  const products = model.document?.products ?? [];
  const columns = [
    ...values,
    ...products.map(({ parts }) =>
      multipliedColumn(
        parts,
        parts.map(({ feature }) => values[feature]!),
      ),
    ),
  ];
  const raw = new Map<string, Float64Array>();
  for (const [name, booster] of model.boosters)
    raw.set(name, await rawScores(booster, columns, data.rows, signal));
  const { rows, time } = data;
  if (!model.document) return { rows, time, columns: ofSingle(model.boosters, raw) };
  const known = rowSources(path, data, features.length, sources);
  const applied = applyModels(model.document, (name) => raw.get(name)!, known);
  return {
    rows,
    time,
    columns: [
      { name: 'log_odds', values: applied.logOdds },
      { name: 'probability', values: applied.probability },
      { name: 'value', values: applied.value },
    ],
  };
}

function ofSingle(
  boosters: OpenModel['boosters'],
  raw: ReadonlyMap<string, Float64Array>,
): Predictions['columns'] {
  return [...boosters].flatMap(([name, { objective }]) => {
    const values = raw.get(name)!;
    const scores = { name: 'raw_score', values };
    return objective === 'logistic'
      ? [scores, { name: 'probability', values: values.map(sigmoid) }]
      : [scores];
  });
}

/** What the models of a horizon need of the rows beside features. */
function sourceColumns({ base, horizon, value }: ModelDocument): WantedColumn[] {
  const inputs = base.name === 'overlap_logistic' ? base.inputs : [];
  const names = [
    ...(inputs.length > 0 ? [BAR_COLUMN, PERSISTENCE_COLUMN] : []),
    ...(value.addsKnownPart || inputs.some(({ source }) => source === 'known')
      ? [knownPartColumn(horizon)]
      : []),
  ];
  return names.map((name) => ({ name, encoding: 'number' }));
}

function rowSources(
  path: string,
  { rows, values }: ReadColumns,
  first: number,
  sources: readonly WantedColumn[],
) {
  const column = (name: string) => {
    const slot = sources.findIndex((source) => source.name === name);
    return slot < 0 ? new Float64Array(rows) : values[first + slot]!;
  };
  const bar = column(BAR_COLUMN);
  if (sources.some(({ name }) => name === BAR_COLUMN)) {
    const row = bar.findIndex((each, k) => !Number.isInteger(each) || (k > 0 && each <= bar[k - 1]!));
    if (row >= 0) {
      throw new OnescanError(
        'INVALID_ARGUMENT',
        `${path}: ${BAR_COLUMN} is ${bar[row]} in row ${row}: not in order of time`,
        {
          remedy: 'Sort the rows by bar: the trailing scale looks back',
        },
      );
    }
  }
  const known = sources.find(({ name }) => name !== BAR_COLUMN && name !== PERSISTENCE_COLUMN);
  return {
    bar: Int32Array.from(bar),
    persistence: column(PERSISTENCE_COLUMN),
    known: known ? column(known.name) : new Float64Array(rows),
  };
}

/** As the fetcher does. */
function makeInfiniteMissing(column: Float64Array): void {
  for (let row = 0; row < column.length; row++) if (!Number.isFinite(column[row])) column[row] = Number.NaN;
}

async function rawScores(
  booster: Booster,
  values: readonly Float64Array[],
  rows: number,
  signal: AbortSignal,
): Promise<Float64Array> {
  const scores = new Float64Array(rows);
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    await turn();
    if (signal.aborted) throw new OnescanError('CANCELLED', 'interrupted');
    const block = Uint32Array.from({ length: Math.min(BLOCK_ROWS, rows - start) }, (_, k) => start + k);
    scores.set(predictValues(booster, values, block), start);
  }
  return scores;
}
