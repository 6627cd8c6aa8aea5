import { rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { writeParquet } from '@onescan/dataset/write-parquet.js';
import { csvLine } from '../output/csv.js';
import { saveChunks } from '../output/save-chunks.js';
import type { Predictions } from './predict.js';
import { TIME_COLUMN } from './wanted-columns.js';

/** CSV records a chunk. */
const RECORDS = 1000;

/** @throws OnescanError INVALID_ARGUMENT for a file that is neither .csv nor .parquet */
export function requireOutput(path: string): void {
  if (['.csv', '.parquet'].includes(extname(path).toLowerCase())) return;
  throw new OnescanError('INVALID_ARGUMENT', `--out ${path} is neither .csv nor .parquet`, {
    details: { field: '--out' },
  });
}

/** Writes predictions by row, counted from 0, to a CSV or Parquet file, whole or not at all. */
export async function savePredictions(path: string, predictions: Predictions): Promise<void> {
  if (extname(path).toLowerCase() === '.csv') {
    await saveChunks(csvChunks(predictions), path);
    return;
  }
  const { rows, time, columns } = predictions;
  const partial = `${path}.partial-${process.pid}`;
  try {
    await writeParquet(partial, {
      columns: [
        { name: 'row', type: 'integer' },
        ...(time ? [{ name: TIME_COLUMN, type: 'timestamp' } as const] : []),
        ...columns.map(({ name }) => ({ name, type: 'double' }) as const),
      ],
      parts: [
        [
          Int32Array.from({ length: rows }, (_, row) => row),
          ...(time ? [time] : []),
          ...columns.map(({ values }) => values),
        ],
      ],
      metadata: { format: 'onescan.predictions', formatVersion: '1' },
    });
    await rename(partial, path);
  } catch (thrown) {
    await rm(partial, { force: true });
    throw thrown;
  }
}

async function* csvChunks({ rows, time, columns }: Predictions): AsyncGenerator<Buffer> {
  yield Buffer.from(csvLine(['row', ...(time ? [TIME_COLUMN] : []), ...columns.map(({ name }) => name)]));
  for (let start = 0; start < rows; start += RECORDS) {
    let text = '';
    for (let row = start; row < Math.min(rows, start + RECORDS); row++) {
      const numbers = columns.map(({ values }) => (Number.isNaN(values[row]!) ? undefined : values[row]!));
      text += csvLine([row, ...(time ? [isoTime(time[row]!)] : []), ...numbers]);
    }
    yield Buffer.from(text);
  }
}

function isoTime(micros: bigint): string {
  return new Date(Number(micros / 1000n)).toISOString();
}
