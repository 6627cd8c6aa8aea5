import {
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  FLOAT,
  INTEGER,
  TIMESTAMP,
} from '@duckdb/node-api';
import { quoted } from './dataset-layout.js';
import { copyToVector, type FixedWidthArray } from './float-vectors.js';
import type { NamedColumn } from './row-columns.js';

/** Rows a chunk: DuckDB's vector size. */
const CHUNK_ROWS = 2048;

/**
 * Creates a table and fills it, in one transaction: a file is never seen with half a table. BigInt64Array
 * columns become TIMESTAMP (epoch microseconds). Float32 columns are stored as they are: compressing them
 * costs a fetch a fifth more CPU time and saves 18 % of the space on features of real bars (docs/benchmarks.md).
 */
export async function createAndFill(
  connection: DuckDBConnection,
  table: string,
  columns: readonly NamedColumn[],
): Promise<void> {
  const types = columns.map(({ values }) => duckdbType(values));
  const definitions = columns.map(({ name }, i) => `${quoted(name)} ${types[i]}${storage(types[i]!)}`);
  await connection.run('BEGIN TRANSACTION');
  await connection.run(`CREATE TABLE ${quoted(table)} (${definitions.join(', ')})`);
  const appender = await connection.createAppender(table);
  const rows = columns[0]?.values.length ?? 0;
  for (let start = 0; start < rows; start += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, rows - start);
    const chunk = DuckDBDataChunk.create(types, count);
    for (const [i, { values }] of columns.entries()) copyToVector(chunk, i, values, start, count);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  await connection.run('COMMIT');
}

function storage(type: DuckDBType): string {
  return type === FLOAT ? " USING COMPRESSION 'uncompressed'" : '';
}

function duckdbType(values: FixedWidthArray): DuckDBType {
  if (values instanceof Float32Array) return FLOAT;
  if (values instanceof Float64Array) return DOUBLE;
  return values instanceof Int32Array ? INTEGER : TIMESTAMP;
}
