import type { DuckDBConnection } from '@duckdb/node-api';
import { type DuckDb, openConfinedDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { tableText } from '../../catalogue/catalogue.js';
import type { DuckDbConnections } from '../duckdb/duckdb-connections.js';
import { literal, name, tableName } from '../duckdb/duckdb-dialect.js';
import type { LakeTable } from './lake-files.js';

/**
 * A DuckDB in memory with a view for each table of a lake that is asked for. It reads below the lake's root and nowhere
 * else.
 */
export class LakeDatabase implements DuckDbConnections {
  #instance: Promise<DuckDb> | undefined;
  /** By table, the files that its view reads, as they were. */
  readonly #views = new Map<string, string>();

  constructor(
    private readonly root: string,
    private readonly settings: Readonly<Record<string, string>>,
    /** Gives it what reads elsewhere than in folders, before it is confined. */
    private readonly prepare?: (connection: DuckDBConnection) => Promise<void>,
  ) {}

  /** Makes the views of tables whose files are others than before. Throws what DuckDB says of files it cannot read. */
  async ensureViews(connection: DuckDBConnection, tables: readonly LakeTable[]): Promise<void> {
    for (const table of tables) {
      const id = tableText(table);
      const state = stateOf(table);
      if (this.#views.get(id) === state) continue;
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${name(table.schema)}`);
      await connection.run(`CREATE OR REPLACE VIEW ${tableName(table)} AS SELECT * FROM ${scanOf(table)}`);
      this.#views.set(id, state);
    }
  }

  async use<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.acquire();
    try {
      return await use(connection);
    } finally {
      connection.closeSync();
    }
  }

  async acquire(): Promise<DuckDBConnection> {
    this.#instance ??= openConfinedDuckDb(':memory:', this.settings, [this.root], this.prepare);
    try {
      return await (await this.#instance).connect();
    } catch (thrown) {
      this.#instance = undefined;
      throw thrown;
    }
  }

  async release(connection: DuckDBConnection): Promise<void> {
    connection.closeSync();
  }

  async close(): Promise<void> {
    const instance = this.#instance;
    this.#instance = undefined;
    this.#views.clear();
    (await instance?.catch(() => undefined))?.closeSync();
  }
}

/** Another text whenever a table's files may have changed. */
export function stateOf({ files }: LakeTable): string {
  return files.map(({ path, state }) => `${path}\n${state}`).join('\n');
}

function scanOf({ files, partitions }: LakeTable): string {
  return `read_parquet(${fileList(files)}, hive_partitioning = ${partitions.length > 0}, union_by_name = false)`;
}

/** Files for DuckDB's functions. A path that is there means itself, whatever `*` or `[` it holds. */
export function fileList(files: readonly { readonly path: string }[]): string {
  return `[${files.map(({ path }) => literal(path)).join(', ')}]`;
}
