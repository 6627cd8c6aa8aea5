import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '@onescan/contract/canonical-json.js';
import {
  type Catalogue,
  type CatalogueTable,
  type DayCount,
  type DoubledKey,
  type KeyRange,
  type TableFilter,
  type TableName,
  tableText,
} from '../../catalogue/catalogue.js';
import type { WarehouseNames } from '../../catalogue/warehouse-names.js';
import { BIGQUERY_LIMITS } from '../bigquery/published-terms.js';
import {
  countDays,
  findDoubledKeys,
  prepareOnly,
  readKeys,
  requireWithinLimit,
  streamStatement,
} from '../duckdb/ask-duckdb.js';
import { duckdbDialect, tableName } from '../duckdb/duckdb-dialect.js';
import type { RunningStatement, RunOptions, Statement, StatementBatch, Warehouse } from '../warehouse.js';
import { billedBytes } from './billed-bytes.js';
import { builtTablesText, readBuiltTables } from './built-tables.js';
import { CatalogueMemory } from './catalogue-memory.js';
import { DatabaseFile } from './database-file.js';

const DATABASE_FILE = 'warehouse.duckdb';
/** A view is computed once for each state of the file, to know whether it can be. */
const VIEW_LIMIT_MS = 60_000;

export interface EmbeddedWarehouseOptions {
  folder: string;
  names: WarehouseNames;
  /** Where DuckDB may spill; not inside the warehouse, which may be read-only. */
  tempFolder: string;
  /** Buffer limit of a statement, e.g. "1GB". */
  memoryLimit: string;
  /** Time that a view may take to compute before it is left out; default {@link VIEW_LIMIT_MS}. */
  viewLimitMs?: number;
}

/** What is remembered of a file in one state. */
interface FileMemory {
  readonly state: string;
  readonly catalogue: CatalogueMemory;
  /** Tables in which every key is there once. */
  readonly unique: Set<string>;
  /** Bytes by hash of a statement. */
  readonly bytes: Map<string, bigint>;
}

/**
 * A warehouse in a DuckDB file. The file is open hardly longer than it is used, so that it can be rebuilt under a
 * running fetcher; what is remembered is dropped when the file changes.
 */
export class EmbeddedWarehouse implements Warehouse {
  readonly kind = 'embedded';
  readonly countsWholeDays = false;
  readonly name: string;
  readonly dialect = duckdbDialect;
  readonly limits = BIGQUERY_LIMITS;
  readonly #file: DatabaseFile;
  #memory: FileMemory | undefined;

  /** @throws OnescanError NOT_FOUND when the folder holds no warehouse */
  constructor(private readonly options: EmbeddedWarehouseOptions) {
    this.name = `embedded:${options.folder}`;
    this.#file = new DatabaseFile(join(options.folder, DATABASE_FILE), {
      memory_limit: options.memoryLimit,
      temp_directory: options.tempFolder,
      preserve_insertion_order: 'false',
    });
  }

  async readCatalogue(wanted: TableFilter = () => true): Promise<Catalogue> {
    const { catalogue } = this.#current();
    const tables = await this.#file.use((connection) => catalogue.read(connection, wanted));
    return { tables, fingerprint: '', isKeyType: this.dialect.isKeyType };
  }

  async findChanged(before: readonly CatalogueTable[]): Promise<TableName[]> {
    this.#current().catalogue.forgetUnstable();
    const ids = new Set(before.map(tableText));
    const { tables } = await this.readCatalogue((table) => ids.has(tableText(table)));
    const now = new Map(tables.map((table) => [tableText(table), table.version]));
    return before.filter((table) => now.get(tableText(table)) !== table.version);
  }

  countDays(table: TableName, range: KeyRange): Promise<DayCount[]> {
    const { keyColumn } = this.options.names;
    return this.#file.use((connection) => countDays(connection, { table, keyColumn, range }));
  }

  readKeys(tables: readonly TableName[], range: KeyRange): Promise<Float64Array[]> {
    const { keyColumn } = this.options.names;
    return this.#file.use((connection) => readKeys(connection, tables, { keyColumn, range }));
  }

  async findDoubledKeys(tables: readonly TableName[]): Promise<DoubledKey[]> {
    const { unique } = this.#current();
    const unchecked = tables.filter((table) => !unique.has(tableName(table)));
    if (unchecked.length === 0) return [];
    const doubled = await this.#file.use((connection) =>
      findDoubledKeys(connection, unchecked, this.options.names.keyColumn),
    );
    const bad = new Set(doubled.map(({ table }) => tableName(table)));
    for (const table of unchecked) if (!bad.has(tableName(table))) unique.add(tableName(table));
    return doubled;
  }

  async dryRun(statement: Statement): Promise<{ bytes: bigint }> {
    const { bytes: remembered } = this.#current();
    const id = sha256Hex(statement.sql);
    const known = remembered.get(id);
    if (known !== undefined) return { bytes: known };
    return this.#file.use(async (connection) => {
      await prepareOnly(connection, statement);
      const bytes = await billedBytes(connection, statement.reads);
      remembered.set(id, bytes);
      return { bytes };
    });
  }

  readFree(statement: Statement): AsyncIterable<StatementBatch> {
    return streamStatement(this.#file, statement, { jobId: 'planning' });
  }

  async run(statement: Statement, options: RunOptions): Promise<RunningStatement> {
    const { bytes } = await this.dryRun(statement);
    requireWithinLimit(bytes, options);
    return { batches: streamStatement(this.#file, statement, options), bytesBilled: () => bytes };
  }

  async close(): Promise<void> {
    this.#memory = undefined;
    await this.#file.close();
    rmSync(this.options.tempFolder, { recursive: true, force: true });
  }

  /** What is remembered of the file as it is now. */
  #current(): FileMemory {
    const state = `${this.#file.state()} ${builtTablesText(this.options.folder)}`;
    if (this.#memory?.state === state) return this.#memory;
    const { folder, names, viewLimitMs = VIEW_LIMIT_MS } = this.options;
    const catalogue = new CatalogueMemory({
      path: this.#file.path,
      keyColumn: names.keyColumn,
      viewLimitMs,
      builtVersion: readBuiltTables(folder),
    });
    this.#memory = { state, catalogue, unique: new Set(), bytes: new Map() };
    return this.#memory;
  }
}
