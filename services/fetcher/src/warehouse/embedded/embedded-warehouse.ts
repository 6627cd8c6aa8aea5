import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { sha256Hex } from '@onescan/shared/canonical-json.js';
import { type DuckDb, openDuckDb } from '@onescan/shared/duckdb/open-duckdb.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { duckdbDialect, name, rangeFilter, tableName } from '../../sql/duckdb/duckdb-dialect.js';
import type {
  Catalogue,
  DayCount,
  DoubledKey,
  KeyRange,
  RunningStatement,
  RunOptions,
  Statement,
  StatementBatch,
  TableName,
  Warehouse,
} from '../warehouse.js';
import type { WarehouseNames } from '../warehouse-names.js';
import { billedBytes } from './billed-bytes.js';
import { DuckDbBatch } from './duckdb-batch.js';
import { readTables } from './read-catalogue.js';

const DATABASE_FILE = 'warehouse.duckdb';
const MANIFEST_FILE = 'warehouse.json';

export interface EmbeddedWarehouseOptions {
  folder: string;
  names: WarehouseNames;
  /** Where DuckDB may spill; not inside the warehouse, which may be read-only. */
  tempFolder: string;
  /** Buffer limit of a statement, e.g. "1GB". */
  memoryLimit: string;
}

/**
 * A warehouse in a DuckDB file. The file is open only while it is used, so that it can be rebuilt under a
 * running fetcher; what is remembered is dropped when the file changes.
 */
export class EmbeddedWarehouse implements Warehouse {
  readonly kind = 'embedded';
  readonly countsWholeDays = false;
  readonly name: string;
  readonly dialect = duckdbDialect;
  readonly #path: string;
  #instance: Promise<DuckDb> | undefined;
  #users = 0;
  /** State of the file for which the rest is remembered. */
  #version = '';
  #catalogue: Promise<Catalogue> | undefined;
  readonly #unique = new Set<string>();
  readonly #bytes = new Map<string, bigint>();

  /** @throws OnescanError NOT_FOUND when the folder holds no warehouse */
  constructor(private readonly options: EmbeddedWarehouseOptions) {
    this.#path = join(options.folder, DATABASE_FILE);
    this.name = `embedded:${options.folder}`;
    this.#requireFile();
  }

  readCatalogue(): Promise<Catalogue> {
    this.#forgetIfChanged();
    this.#catalogue ??= this.#withConnection(async (connection) => ({
      tables: await readTables(connection, this.options.names.keyColumn),
      fingerprint: this.#fingerprint(),
    }));
    const catalogue = this.#catalogue;
    catalogue.catch(() => {
      if (this.#catalogue === catalogue) this.#catalogue = undefined;
    });
    return catalogue;
  }

  countDays(table: TableName, range: KeyRange): Promise<DayCount[]> {
    const key = name(this.options.names.keyColumn);
    const filter = rangeFilter(key, range);
    return this.#withConnection(async (connection) => {
      const result = await connection.runAndReadAll(
        `SELECT CAST(CAST(${key} AS DATE) AS VARCHAR), count(*) FROM ${tableName(table)}
         ${filter && `WHERE ${filter}`} GROUP BY 1 ORDER BY 1`,
      );
      return result.getRows().map(([day, rows]) => ({ day: String(day), rows: Number(rows) }));
    });
  }

  async findDoubledKeys(tables: readonly TableName[]): Promise<DoubledKey[]> {
    this.#forgetIfChanged();
    const unchecked = tables.filter((table) => !this.#unique.has(tableName(table)));
    if (unchecked.length === 0) return [];
    const key = name(this.options.names.keyColumn);
    const selects = unchecked.map(
      (table, i) =>
        `(SELECT ${i}, epoch_us(${key}), count(*) FROM ${tableName(table)} GROUP BY ${key} HAVING count(*) > 1 ORDER BY 3 DESC, 2 LIMIT 1)`,
    );
    const rows = await this.#withConnection(async (connection) =>
      (await connection.runAndReadAll(selects.join(' UNION ALL '))).getRows(),
    );
    const doubled = rows.map(([i, micros, times]) => ({
      table: unchecked[Number(i)]!,
      key: Number(micros),
      times: Number(times),
    }));
    const bad = new Set(doubled.map(({ table }) => tableName(table)));
    for (const table of unchecked) if (!bad.has(tableName(table))) this.#unique.add(tableName(table));
    return doubled;
  }

  async dryRun(statement: Statement): Promise<{ bytes: bigint }> {
    this.#forgetIfChanged();
    const id = sha256Hex(statement.sql);
    const known = this.#bytes.get(id);
    if (known !== undefined) return { bytes: known };
    return this.#withConnection(async (connection) => {
      await prepareOnly(connection, statement.sql);
      const bytes = await billedBytes(connection, statement.reads);
      this.#bytes.set(id, bytes);
      return { bytes };
    });
  }

  async run(statement: Statement, options: RunOptions): Promise<RunningStatement> {
    const { bytes } = await this.dryRun(statement);
    if (bytes > options.maximumBytesBilled) {
      throw new OnescanError(
        'RESOURCE_EXHAUSTED',
        `the statement would bill ${bytes} bytes, the approved limit is ${options.maximumBytesBilled}`,
        { remedy: 'Resume the run: what it lacks is planned again and waits for approval' },
      );
    }
    return { batches: this.#stream(statement, options), bytesBilled: () => bytes };
  }

  async close(): Promise<void> {
    this.#catalogue = undefined;
    rmSync(this.options.tempFolder, { recursive: true, force: true });
  }

  async *#stream(statement: Statement, options: RunOptions): AsyncGenerator<StatementBatch, void, undefined> {
    const connection = await this.#acquire();
    const interrupt = (): void => connection.interrupt();
    options.signal?.addEventListener('abort', interrupt, { once: true });
    try {
      options.signal?.throwIfAborted();
      const result = await connection.stream(statement.sql);
      const columns = new Map(result.columnNames().map((column, i) => [column, i]));
      for (;;) {
        const chunk = await result.fetchChunk();
        options.signal?.throwIfAborted();
        if (!chunk || chunk.rowCount === 0) return;
        yield new DuckDbBatch(chunk, columns);
      }
    } catch (thrown) {
      if (options.signal?.aborted) {
        throw new OnescanError('CANCELLED', `statement ${options.jobId} was cancelled`, { cause: thrown });
      }
      throw thrown;
    } finally {
      options.signal?.removeEventListener('abort', interrupt);
      await this.#release(connection);
    }
  }

  async #withConnection<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#acquire();
    try {
      return await use(connection);
    } finally {
      await this.#release(connection);
    }
  }

  async #acquire(): Promise<DuckDBConnection> {
    this.#requireFile();
    this.#users++;
    try {
      this.#instance ??= openDuckDb(this.#path, {
        access_mode: 'READ_ONLY',
        memory_limit: this.options.memoryLimit,
        temp_directory: this.options.tempFolder,
        preserve_insertion_order: 'false',
      });
      return await (await this.#instance).connect();
    } catch (thrown) {
      await this.#leave();
      const problem = thrown instanceof Error ? thrown.message.split('\n')[0] : String(thrown);
      throw new OnescanError('UNAVAILABLE', `cannot open the warehouse ${this.#path}: ${problem}`, {
        remedy: 'Wait until nothing writes to it, or build it again with `onescan warehouse build`',
        cause: thrown,
      });
    }
  }

  async #release(connection: DuckDBConnection): Promise<void> {
    connection.closeSync();
    await this.#leave();
  }

  async #leave(): Promise<void> {
    if (--this.#users > 0) return;
    const instance = this.#instance;
    this.#instance = undefined;
    (await instance?.catch(() => undefined))?.closeSync();
  }

  #forgetIfChanged(): void {
    this.#requireFile();
    const { ino, mtimeMs, size } = statSync(this.#path);
    const version = `${ino} ${mtimeMs} ${size} ${this.#fingerprint()}`;
    if (version === this.#version) return;
    this.#version = version;
    this.#catalogue = undefined;
    this.#unique.clear();
    this.#bytes.clear();
  }

  #fingerprint(): string {
    const manifest = join(this.options.folder, MANIFEST_FILE);
    return existsSync(manifest) ? manifestFingerprint(readFileSync(manifest, 'utf8')) : '';
  }

  #requireFile(): void {
    if (existsSync(this.#path)) return;
    throw new OnescanError('NOT_FOUND', `there is no embedded warehouse at ${this.#path}`, {
      remedy: 'Build one with `onescan warehouse build`, or give the right folder to --warehouse',
    });
  }
}

/** What a warehouse was built from, which its folder and the size of its file have no part in. */
function manifestFingerprint(text: string): string {
  try {
    const { inputsSha256 } = JSON.parse(text) as { inputsSha256?: unknown };
    if (typeof inputsSha256 === 'string') return inputsSha256;
  } catch {
    // Not Onescan's manifest: its text is the identity.
  }
  return sha256Hex(text);
}

async function prepareOnly(connection: DuckDBConnection, sql: string): Promise<void> {
  const prepared = await connection.prepare(sql);
  prepared.destroySync();
}
