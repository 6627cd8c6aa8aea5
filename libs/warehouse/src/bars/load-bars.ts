import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { PAIRS } from '@onescan/contract/pair.js';
import { simulateBars } from '../simulation/simulate-bars.js';
import { appendBars } from './append-bars.js';
import { badFile } from './bad-bars.js';
import type { ReadBars } from './bar-columns.js';
import { type BarReader, barReader } from './bar-reading.js';
import type { BarSource } from './bar-source.js';
import { createBarsTable, rawTable } from './bars-table.js';
import { checkBars } from './check-bars.js';
import { readCsv } from './csv/read-csv.js';
import { fileState, findBarFile, hashBarFile, requireFolder } from './find-bar-file.js';
import { readParquet } from './parquet/read-parquet.js';
import { simulatedColumns } from './simulated-columns.js';

/** Bars that can be loaded: which pairs, from which files. */
export interface FoundBars {
  readonly source: BarSource;
  /** Pairs with bars, in the order of PAIRS. */
  readonly available: readonly string[];
  /** File by pair; empty for the simulation. */
  readonly files: ReadonlyMap<string, string>;
  /** {@link fileState} of each file when it was found. */
  readonly states: ReadonlyMap<string, string>;
  /** How the files are read. */
  readonly reader: BarReader;
}

/**
 * Finds the bars of the source without reading them, and checks what was said about how they are written.
 *
 * @param required pairs whose own tables are wanted, so they must be there
 * @throws OnescanError INVALID_ARGUMENT when it cannot be read as was said
 * @throws OnescanError NOT_FOUND naming the folder or the pair that is missing
 */
export function findBars(source: BarSource, required: readonly string[]): FoundBars {
  const reader = barReader(source.kind === 'folder' ? source.reading : undefined);
  if (source.kind === 'simulation')
    return { source, available: PAIRS, files: new Map(), states: new Map(), reader };
  requireFolder(source.path);
  const files = new Map<string, string>();
  for (const pair of PAIRS) {
    const file = findBarFile(source.path, pair);
    if (file !== undefined) files.set(pair, file);
  }
  const missing = required.filter((pair) => !files.has(pair));
  if (missing.length > 0) {
    throw new OnescanError('NOT_FOUND', `bars: ${source.path} has no file of ${missing.join(', ')}`, {
      remedy: `Add ${missing[0]}.parquet or ${missing[0]}.csv, or name only the pairs you have with --pairs`,
      details: { path: source.path, pairs: missing.join(',') },
    });
  }
  const states = new Map([...files.values()].map((file) => [file, fileState(file)]));
  return { source, available: [...files.keys()], files, states, reader };
}

/** SHA-256 by pair of the files' bytes; nothing for the simulation, whose source says it all. */
export async function hashBars({ files }: FoundBars): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const [pair, file] of files) hashes[pair] = await hashBarFile(file);
  return hashes;
}

/**
 * Loads, checks and prepares `bars_{pair}` for every available pair; reports each when it is done.
 *
 * @returns rows by pair
 * @throws OnescanError INVALID_ARGUMENT naming the file, what is wrong with it and what to do
 */
export async function loadBars(
  connection: DuckDBConnection,
  found: FoundBars,
  onPair: (pair: string) => void,
  signal?: AbortSignal,
): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  const finish = async (pair: string, name: string, bars: ReadBars): Promise<void> => {
    rows[pair] = checkBars(bars, name, found.reader.latest);
    await appendBars(connection, pair, bars.columns);
    await connection.run(createBarsTable(pair));
    await connection.run(`DROP TABLE ${rawTable(pair)}`);
    onPair(pair);
  };
  if (found.source.kind === 'simulation') {
    for (const bars of simulateBars(found.source)) {
      const columns = simulatedColumns(bars);
      await finish(bars.pair, `simulation of ${bars.pair}`, { columns, placeOf: (row) => `bar ${row + 1}` });
    }
    return rows;
  }
  for (const [pair, file] of found.files) {
    const bars = file.endsWith('.csv')
      ? await readCsv(file, found.reader, signal)
      : await readParquet(connection, file, found.reader);
    // Else the hash of its bytes would be of others than the bars.
    if (fileState(file) !== found.states.get(file)) {
      throw badFile(file, 'was written to while it was read', 'Build when it is complete');
    }
    await finish(pair, file, bars);
  }
  return rows;
}
