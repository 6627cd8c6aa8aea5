import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { appendBars } from '../bars/append-bars.js';
import { rawTable } from '../bars/bars-table.js';
import { simulatedColumns } from '../bars/simulated-columns.js';
import { literal } from '../column.js';
import { type SimulatedBars, simulateBars } from './simulate-bars.js';
import type { SimulationSource } from './simulation-source.js';

export interface BarFileOptions {
  /** Pairs to write; all 28 unless named. */
  readonly pairs?: readonly string[];
  readonly format?: 'parquet' | 'csv';
  /** Changes the bars of a pair before they are written, in place. */
  readonly change?: (bars: SimulatedBars) => void;
}

/** Writes a simulation as the folder of bar files that `onescan warehouse build --bars` reads. */
export async function writeBarFiles(
  source: SimulationSource,
  folder: string,
  { pairs, format = 'parquet', change }: BarFileOptions = {},
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const instance = await openDuckDb(':memory:');
  const connection = await instance.connect();
  try {
    for (const bars of simulateBars(source)) {
      if (pairs !== undefined && !pairs.includes(bars.pair)) continue;
      change?.(bars);
      await appendBars(connection, bars.pair, simulatedColumns(bars));
      const file = join(folder, `${bars.pair}.${format}`);
      await connection.run(
        `COPY (SELECT interval_time AS time, open, high, low, close, volume FROM ${rawTable(bars.pair)})
        TO ${literal(file)} (FORMAT ${format})`,
      );
      await connection.run(`DROP TABLE ${rawTable(bars.pair)}`);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
