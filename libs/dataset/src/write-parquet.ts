import { rm } from 'node:fs/promises';
import { DOUBLE, DuckDBDataChunk, INTEGER, TIMESTAMP } from '@duckdb/node-api';
import { literal, quoted } from './dataset-layout.js';
import { openDuckDb } from './duckdb/open-duckdb.js';
import { duckdbSettings } from './duckdb-settings.js';
import { copyToVector, type FixedWidthArray } from './float-vectors.js';

/** Rows a chunk: DuckDB's vector size. */
const CHUNK_ROWS = 2048;
/** Buffers of DuckDB; what is beyond goes to a file beside the result. */
const MEMORY_LIMIT = '256MB';

const TYPES = { timestamp: TIMESTAMP, integer: INTEGER, double: DOUBLE } as const;

export interface ParquetColumn {
  readonly name: string;
  /** A timestamp is epoch microseconds (BigInt64Array); an integer is an Int32Array, a double a Float64Array. */
  readonly type: keyof typeof TYPES;
}

export interface ParquetContent {
  readonly columns: readonly ParquetColumn[];
  /** Consecutive rows: one array a column, all of a part equally long. */
  readonly parts: Iterable<readonly FixedWidthArray[]>;
  /** Key-value metadata of the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Writes a Parquet file on one thread: the same content gives the same bytes (with the same version of DuckDB).
 * Not published in one step: that is the caller's.
 */
export async function writeParquet(
  path: string,
  { columns, parts, metadata }: ParquetContent,
): Promise<void> {
  const table = `${path}.duckdb`;
  await rm(table, { force: true });
  const settings = duckdbSettings({ path, memoryLimit: MEMORY_LIMIT, threads: 1 });
  const instance = await openDuckDb(table, settings);
  const connection = await instance.connect();
  try {
    const definitions = columns.map(({ name, type }) => `${quoted(name)} ${TYPES[type]}`);
    await connection.run(`CREATE TABLE content (${definitions.join(', ')})`);
    const appender = await connection.createAppender('content');
    const types = columns.map(({ type }) => TYPES[type]);
    for (const part of parts) {
      const rows = part[0]?.length ?? 0;
      for (let start = 0; start < rows; start += CHUNK_ROWS) {
        const count = Math.min(CHUNK_ROWS, rows - start);
        const chunk = DuckDBDataChunk.create(types, count);
        part.forEach((values, column) => {
          copyToVector(chunk, column, values, start, count);
        });
        appender.appendDataChunk(chunk);
      }
    }
    appender.closeSync();
    const facts = Object.entries(metadata).map(([key, value]) => `${quoted(key)}: ${literal(value)}`);
    await connection.run(
      `COPY content TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {${facts.join(', ')}})`,
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
    for (const file of [table, `${table}.wal`]) await rm(file, { force: true });
  }
}
