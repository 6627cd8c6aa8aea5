import { rmSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
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
import { problemText } from '../duckdb/duckdb-connections.js';
import { duckdbDialect } from '../duckdb/duckdb-dialect.js';
import type { RunningStatement, RunOptions, Statement, StatementBatch, Warehouse } from '../warehouse.js';
import { type ColumnChunks, readColumnChunks, scannedBytes } from './column-chunks.js';
import { LakeCatalogue } from './lake-catalogue.js';
import { LakeDatabase, stateOf } from './lake-database.js';
import { type LakeTable, listLake } from './lake-files.js';
import type { LakeLocation, LakeStore } from './lake-store.js';

export interface LakeWarehouseOptions {
  readonly location: LakeLocation;
  readonly names: WarehouseNames;
  /** Where DuckDB may spill; not inside the lake, which may be read-only. */
  readonly tempFolder: string;
  /** Buffer limit of a statement, e.g. "1GB". */
  readonly memoryLimit: string;
}

/** What DuckDB says of files that are no whole Parquet, beside what it lacks itself. */
const DAMAGED =
  /parquet|failed to read file|decompress|no files found|cannot open file|contents of view were altered/i;

/** What it says of a bucket that does not answer, or refuses. */
const UNREACHED = /\bHTTP\b|could not (?:connect|establish)|connection|timed? ?out/i;

/**
 * Parquet files in a folder or a bucket. It has the tables, the SQL and so the plans and datasets of an embedded warehouse with the
 * same rows, and costs the bytes of the columns that are read, as the files' footers tell them.
 */
export class LakeWarehouse implements Warehouse {
  readonly kind = 'lake';
  readonly countsWholeDays = false;
  readonly name: string;
  readonly dialect = duckdbDialect;
  /** Those of the others, so that plans are the same. */
  readonly limits = BIGQUERY_LIMITS;
  readonly #database: LakeDatabase;
  readonly #store: LakeStore;
  readonly #catalogue: LakeCatalogue;
  /** By table, with the state of the files for which it holds. */
  readonly #chunks = new Map<string, { readonly state: string; readonly chunks: ColumnChunks }>();
  readonly #unique = new Map<string, string>();

  constructor(private readonly options: LakeWarehouseOptions) {
    const { location, names, memoryLimit, tempFolder } = options;
    this.name = `lake:${location.root}`;
    const settings = {
      memory_limit: memoryLimit,
      temp_directory: tempFolder,
      preserve_insertion_order: 'false',
      // Files may change between two statements.
      enable_external_file_cache: 'false',
    };
    this.#database = new LakeDatabase(location.root, settings, location.prepare);
    this.#store = location.storeOf(this.#database);
    this.#catalogue = new LakeCatalogue({ store: this.#store, names, database: this.#database });
  }

  /** Looks whether there is a lake. @throws OnescanError when there is none or it cannot be listed */
  async requireThere(): Promise<void> {
    await listLake(await this.#store.list(), this.options.names);
  }

  async readCatalogue(wanted: TableFilter = () => true): Promise<Catalogue> {
    const tables = await this.#catalogue.read(wanted);
    return { tables, fingerprint: '', isKeyType: this.dialect.isKeyType };
  }

  async findChanged(before: readonly CatalogueTable[]): Promise<TableName[]> {
    const ids = new Set(before.map(tableText));
    const tables = await this.#catalogue.read((table) => ids.has(tableText(table)));
    const now = new Map(tables.map((table) => [tableText(table), table.version]));
    return before.filter((table) => now.get(tableText(table)) !== table.version);
  }

  countDays(table: TableName, range: KeyRange): Promise<DayCount[]> {
    const { keyColumn } = this.options.names;
    return this.#ask([table], (connection) => countDays(connection, { table, keyColumn, range }));
  }

  readKeys(tables: readonly TableName[], range: KeyRange): Promise<Float64Array[]> {
    const { keyColumn } = this.options.names;
    return this.#ask(tables, (connection) => readKeys(connection, tables, { keyColumn, range }));
  }

  async findDoubledKeys(tables: readonly TableName[]): Promise<DoubledKey[]> {
    const stateNow = (table: TableName): string => stateOf(this.#catalogue.tableNamed(table));
    const unchecked = tables.filter((table) => this.#unique.get(tableText(table)) !== stateNow(table));
    if (unchecked.length === 0) return [];
    const { keyColumn } = this.options.names;
    const doubled = await this.#ask(unchecked, (connection) =>
      findDoubledKeys(connection, unchecked, keyColumn),
    );
    const bad = new Set(doubled.map(({ table }) => tableText(table)));
    for (const table of unchecked) {
      if (!bad.has(tableText(table))) this.#unique.set(tableText(table), stateNow(table));
    }
    return doubled;
  }

  dryRun(statement: Statement): Promise<{ bytes: bigint }> {
    return this.#ask(readTables(statement), async (connection) => {
      await prepareOnly(connection, statement);
      let bytes = 0n;
      for (const read of statement.reads) {
        bytes += scannedBytes(await this.#chunksOf(connection, this.#catalogue.tableNamed(read.table)), read);
      }
      return { bytes };
    });
  }

  readFree(statement: Statement): AsyncIterable<StatementBatch> {
    return this.#stream(statement, { jobId: 'planning' });
  }

  async run(statement: Statement, options: RunOptions): Promise<RunningStatement> {
    const { bytes } = await this.dryRun(statement);
    requireWithinLimit(bytes, options);
    return { batches: this.#stream(statement, options), bytesBilled: () => bytes };
  }

  async close(): Promise<void> {
    await this.#database.close();
    rmSync(this.options.tempFolder, { recursive: true, force: true });
  }

  async *#stream(
    statement: Statement,
    options: Pick<RunOptions, 'jobId' | 'signal'>,
  ): AsyncGenerator<StatementBatch, void, undefined> {
    await this.#ask(readTables(statement), async () => undefined);
    try {
      yield* streamStatement(this.#database, statement, options);
    } catch (thrown) {
      throw this.#readError(thrown);
    }
  }

  /** Asks about tables, whose views are there then. */
  async #ask<T>(
    tables: readonly TableName[],
    question: (connection: DuckDBConnection) => Promise<T>,
  ): Promise<T> {
    await this.#catalogue.ready();
    const files = tables.map((table) => this.#catalogue.tableNamed(table));
    try {
      return await this.#database.use(async (connection) => {
        await this.#database.ensureViews(connection, files);
        return question(connection);
      });
    } catch (thrown) {
      throw this.#readError(thrown);
    }
  }

  async #chunksOf(connection: DuckDBConnection, table: LakeTable): Promise<ColumnChunks> {
    const id = tableText(table);
    const state = sha256Hex(stateOf(table));
    const known = this.#chunks.get(id);
    if (known?.state === state) return known.chunks;
    const chunks = await readColumnChunks(connection, table, this.options.names.keyColumn);
    this.#chunks.set(id, { state, chunks });
    return chunks;
  }

  /** What fails because of the lake's files says so; anything else stays what it is. */
  #readError(thrown: unknown): unknown {
    const text = problemText(thrown);
    if (thrown instanceof OnescanError) return thrown;
    const { root } = this.options.location;
    if (UNREACHED.test(text)) {
      return new OnescanError('UNAVAILABLE', `the lake ${root} was not reached: ${text}`, { cause: thrown });
    }
    if (!DAMAGED.test(text)) return thrown;
    return new OnescanError('DATA_LOSS', `the lake ${root} cannot be read: ${text}`, {
      remedy: 'Write the file again, then resume the run: what it lacks is planned again',
      cause: thrown,
    });
  }
}

function readTables({ reads }: Statement): TableName[] {
  return [...new Map(reads.map(({ table }) => [tableText(table), table])).values()];
}
