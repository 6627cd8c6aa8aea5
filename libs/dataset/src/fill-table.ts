import {
  DOUBLE,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBTableFunction,
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
const SOURCE = 'onescan_columns';

/**
 * Creates tables from arrays. DuckDB asks for the rows by a table function, chunk by chunk: an appender would hold a
 * second copy of the table before it inserts it.
 */
export class TableFiller {
  #columns: readonly NamedColumn[] = [];
  /** Of the rows, the first that was not asked for yet. */
  #next = 0;

  constructor(private readonly connection: DuckDBConnection) {
    connection.registerTableFunction(
      DuckDBTableFunction.create({
        name: SOURCE,
        bindFunction: (info) => {
          for (const { name, values } of this.#columns) info.addResultColumn(name, duckdbType(values));
        },
        initFunction: (info) => info.setMaxThreads(1),
        mainFunction: (_, chunk) => this.#fillChunk(chunk),
      }),
    );
  }

  /**
   * Creates a table and fills it, in one transaction: a file is never seen with half a table. BigInt64Array
   * columns become TIMESTAMP (epoch microseconds). Float32 columns are stored as they are: compressing them
   * costs a fetch a fifth more CPU time and saves 18 % of the space on features of real bars (docs/benchmarks.md).
   */
  async createAndFill(table: string, columns: readonly NamedColumn[]): Promise<void> {
    this.#columns = columns;
    this.#next = 0;
    const definitions = columns.map(({ name, values }) => `${quoted(name)} ${storedAs(duckdbType(values))}`);
    await this.connection.run('BEGIN TRANSACTION');
    await this.connection.run(`CREATE TABLE ${quoted(table)} (${definitions.join(', ')})`);
    await this.connection.run(`INSERT INTO ${quoted(table)} SELECT * FROM ${SOURCE}()`);
    await this.connection.run('COMMIT');
    this.#columns = [];
  }

  /** The next rows; none after the last. */
  #fillChunk(chunk: DuckDBDataChunk): void {
    const rows = this.#columns[0]?.values.length ?? 0;
    const count = Math.min(CHUNK_ROWS, rows - this.#next);
    chunk.rowCount = count;
    for (const [i, { values }] of this.#columns.entries()) copyToVector(chunk, i, values, this.#next, count);
    this.#next += count;
  }
}

function storedAs(type: DuckDBType): string {
  return type === FLOAT ? `${type} USING COMPRESSION 'uncompressed'` : `${type}`;
}

function duckdbType(values: FixedWidthArray): DuckDBType {
  if (values instanceof Float32Array) return FLOAT;
  if (values instanceof Float64Array) return DOUBLE;
  return values instanceof Int32Array ? INTEGER : TIMESTAMP;
}
