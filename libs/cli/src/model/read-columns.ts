import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { OpenDataset } from '@onescan/dataset/dataset.js';
import { BAR_COLUMN, knownPartColumn, PERSISTENCE_COLUMN } from '@onescan/dataset/dataset-layout.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { readFileColumns } from './read-file-columns.js';
import { type ReadColumns, requireColumns, requireRoom, type WantedColumn } from './wanted-columns.js';

const MICROSECONDS = 1000;

/**
 * Reads columns of a Parquet or CSV file, or of a dataset.
 *
 * @throws OnescanError NOT_FOUND; INVALID_ARGUMENT naming the columns that are not there, or hold what is no number
 */
export async function readColumns(path: string, wanted: readonly WantedColumn[]): Promise<ReadColumns> {
  if (!existsSync(path)) throw new OnescanError('NOT_FOUND', `there is no file ${path}`);
  const ending = extname(path).toLowerCase();
  if (ending === '.parquet' || ending === '.csv') return readFileColumns(path, ending, wanted);
  if (ending !== '.duckdb') {
    throw new OnescanError(
      'INVALID_ARGUMENT',
      `${path} is neither .parquet nor .csv nor the .duckdb of a dataset`,
    );
  }
  const dataset = await openDataset(path);
  try {
    return await readDatasetColumns(path, dataset, wanted);
  } finally {
    dataset.close();
  }
}

async function readDatasetColumns(
  path: string,
  dataset: OpenDataset,
  wanted: readonly WantedColumn[],
): Promise<ReadColumns> {
  const { rows, horizons } = dataset.meta;
  const known = new Map(horizons.map((horizon) => [knownPartColumn(horizon), horizon]));
  const features = new Map(dataset.included.map((column, position) => [column.featureId, position]));
  const ofRows = new Set([BAR_COLUMN, PERSISTENCE_COLUMN, ...known.keys()]);
  requireColumns(path, wanted, (name) => features.has(name) || ofRows.has(name));
  requireRoom(path, rows, wanted.length);
  const values = wanted.map(() => new Float64Array(rows));
  const slots = new Map<number, number>();
  const { time, bar } = await dataset.readKeys();
  for (const [slot, { name, encoding }] of wanted.entries()) {
    const position = features.get(name);
    if (position === undefined) values[slot]!.set((await rowColumn(name)) ?? values[slot]!.fill(Number.NaN));
    else {
      const stored = dataset.included[position]!.encoding;
      if (stored !== encoding) {
        throw new OnescanError(
          'INVALID_ARGUMENT',
          `${path}: ${name} is encoded as ${stored}, the model's as ${encoding}`,
        );
      }
      slots.set(position, slot);
    }
  }
  await dataset.readFeatures((position, column) => {
    const slot = slots.get(position);
    if (slot !== undefined) values[slot]!.set(column);
  });
  return { rows, values, time: BigInt64Array.from(time, (ms) => BigInt(Math.round(ms * MICROSECONDS))) };

  async function rowColumn(name: string): Promise<ArrayLike<number> | null> {
    if (name === BAR_COLUMN) return bar;
    return name === PERSISTENCE_COLUMN ? dataset.readPersistence() : dataset.readKnownPart(known.get(name)!);
  }
}
