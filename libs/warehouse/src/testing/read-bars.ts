import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { VALUES } from '../bars/bar-columns.js';
import { type BarReading, barReader } from '../bars/bar-reading.js';
import { readCsv } from '../bars/csv/read-csv.js';

/** A bar as a test compares it: time in ISO 8601, then open, high, low, close, volume. */
export type PlainBar = readonly [string, ...number[]];

/** The bars of a CSV with this content. */
export async function readText(content: string | Buffer, reading: BarReading = {}): Promise<PlainBar[]> {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-csv-'));
  const file = join(folder, 'eurusd.csv');
  writeFileSync(file, content);
  try {
    const { columns } = await readCsv(file, barReader(reading));
    return Array.from({ length: columns.rows }, (_, row) => [
      new Date(columns.time[row]! / 1000).toISOString(),
      ...VALUES.map((name) => columns.column(name)[row]!),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Only the times of a CSV of these times, under the header of a plain file. */
export async function readTimes(times: readonly string[], reading: BarReading = {}): Promise<string[]> {
  const lines = times.map((time) => `"${time}",1,1,1,1,0`);
  const bars = await readText(['time,open,high,low,close,volume', ...lines, ''].join('\n'), reading);
  return bars.map(([time]) => time);
}

/** The error that reading throws, as message and remedy; fails when it throws none or one without a remedy. */
export async function errorOf(reading: () => Promise<unknown>): Promise<string> {
  try {
    await reading();
  } catch (thrown) {
    if (!(thrown instanceof OnescanError) || thrown.code !== 'INVALID_ARGUMENT' || thrown.remedy === '')
      throw thrown;
    return thrown.text;
  }
  throw new Error('no error');
}
