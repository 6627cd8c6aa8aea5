import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { literal } from '../column.js';
import { rawTable } from './bars-table.js';

const EXTENSIONS = ['parquet', 'csv'] as const;

/** Columns that every bar file must have, by any capitalisation. */
const COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;

/** @throws OnescanError NOT_FOUND when the folder does not exist */
export function requireFolder(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  throw new OnescanError('NOT_FOUND', `bars: there is no folder ${path}`, {
    remedy: 'Name the folder that holds one Parquet or CSV file a pair, such as eurusd.parquet',
    details: { path },
  });
}

/**
 * The bar file of a pair in the folder, or undefined when it has none.
 *
 * @throws OnescanError INVALID_ARGUMENT when it has both a Parquet and a CSV file
 */
export function findBarFile(folder: string, pair: string): string | undefined {
  const found = EXTENSIONS.map((extension) => join(folder, `${pair}.${extension}`)).filter((file) =>
    existsSync(file),
  );
  if (found.length <= 1) return found[0];
  throw new OnescanError('INVALID_ARGUMENT', `bars: ${pair} has two files, ${found.join(' and ')}`, {
    remedy: 'Keep one of them',
    details: { pair },
  });
}

/**
 * Puts the bars of a file into `raw_{pair}`, times as UTC without a zone.
 *
 * @throws OnescanError INVALID_ARGUMENT when the file cannot be read, lacks a column or has one of a wrong type
 */
export async function loadBarFile(connection: DuckDBConnection, pair: string, file: string): Promise<void> {
  // sample_size -1: the type of a column is that of all rows, not of the first 20,480.
  const scan = file.endsWith('.csv')
    ? `read_csv(${literal(file)}, header = true, sample_size = -1)`
    : `read_parquet(${literal(file)})`;
  const types = await columnTypes(connection, file, scan);
  const select = COLUMNS.map((column) => {
    const type = types.get(column);
    if (type !== undefined) return columnSql(file, column, type);
    throw badFile(file, `has no column ${column}`, `It needs the columns ${COLUMNS.join(', ')}`);
  });
  try {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE ${rawTable(pair)} AS SELECT ${select.join(', ')} FROM ${scan}`,
    );
  } catch (cause) {
    throw badFile(file, `cannot be read: ${OnescanError.from(cause).message}`, 'Check the file', cause);
  }
}

async function columnTypes(
  connection: DuckDBConnection,
  file: string,
  scan: string,
): Promise<ReadonlyMap<string, string>> {
  try {
    const reader = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${scan}`);
    return new Map(reader.getRows().map((row) => [String(row[0]).toLowerCase(), String(row[1])]));
  } catch (cause) {
    throw badFile(file, `cannot be read: ${OnescanError.from(cause).message}`, 'Check the file', cause);
  }
}

function columnSql(file: string, column: string, type: string): string {
  if (column !== 'time') {
    if (/^(DOUBLE|FLOAT|DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT)/.test(type))
      return `"${column}"::DOUBLE AS "${column}"`;
    throw badFile(file, `column ${column} is ${type}, not a number`, 'Write numbers with a decimal point');
  }
  if (type === 'TIMESTAMP WITH TIME ZONE') return `"time" AT TIME ZONE 'UTC' AS interval_time`;
  if (type.startsWith('TIMESTAMP')) return `"time"::TIMESTAMP AS interval_time`;
  throw badFile(file, `column time is ${type}, not a timestamp`, 'Write times as 2020-01-31 23:55:00 (UTC)');
}

export function badFile(file: string, problem: string, remedy: string, cause?: unknown): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `bars: ${file} ${problem}`, {
    remedy,
    details: { file },
    cause,
  });
}
