import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { openConfinedDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { tableVersions } from '@onescan/dataset/duckdb/table-versions.js';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { BUILT_TABLES_FILE, tableVersion } from '../built-tables.js';
import { literal } from '../column.js';
import { DATABASE_FILE } from '../schema.js';
import { fileSha256, LAKE_FILE, type LakeManifest, lakeContent } from './lake-manifest.js';

export interface ExportLakeOptions {
  /** Folder of the embedded warehouse. */
  readonly warehouse: string;
  /** Folder of the lake, absolute; it must not exist yet, or be empty. */
  readonly out: string;
  /** Memory limit of DuckDB's buffers; default 2GB. */
  readonly memory?: string;
  readonly onProgress?: (progress: {
    readonly table: string;
    readonly done: number;
    readonly total: number;
  }) => void;
  readonly signal?: AbortSignal;
}

export interface ExportedLake {
  readonly tables: number;
  readonly bytes: number;
  /** Columns that Parquet holds as another type, as "schema.table.column: HUGEINT as DOUBLE". */
  readonly changedTypes: readonly string[];
}

interface StoredTable {
  readonly schema: string;
  readonly name: string;
  readonly isView: boolean;
}

const DEFAULT_MEMORY = '2GB';
/** Of a file's name, the most that file systems take. */
const MAX_NAME_BYTES = 255;
const PARQUET = '.parquet';

/**
 * Writes every table and view of an embedded warehouse as `schema/table.parquet`, and `onescan-lake.json`, by which
 * tables that stay as they were exported give the datasets that they gave. The folder appears by rename when it is
 * complete; nothing stays of an export that fails.
 *
 * @throws OnescanError NOT_FOUND without a warehouse, ALREADY_EXISTS when the folder holds something, INVALID_ARGUMENT
 *   for a table whose name no file can have, CANCELLED when the signal fires
 */
export async function exportLake(options: ExportLakeOptions): Promise<ExportedLake> {
  const { warehouse, out, memory = DEFAULT_MEMORY } = options;
  const database = join(warehouse, DATABASE_FILE);
  requireDatabase(warehouse, database);
  requireFree(out);
  mkdirSync(dirname(out), { recursive: true });
  removeAbandoned(out);
  const partial = join(dirname(out), `${partialPrefix(out)}${process.pid}`);
  mkdirSync(partial);
  try {
    const settings = {
      access_mode: 'READ_ONLY',
      memory_limit: memory,
      temp_directory: join(partial, '.spill'),
    };
    const instance = await openConfinedDuckDb(database, settings, [partial]);
    try {
      const connection = await instance.connect();
      const interrupt = (): void => connection.interrupt();
      options.signal?.addEventListener('abort', interrupt, { once: true });
      const exported = await writeTables(connection, { ...options, partial, database }).finally(() => {
        options.signal?.removeEventListener('abort', interrupt);
        connection.closeSync();
      });
      rmSync(join(partial, '.spill'), { recursive: true, force: true });
      publish(partial, out);
      return exported;
    } finally {
      instance.closeSync();
    }
  } catch (thrown) {
    rmSync(partial, { recursive: true, force: true });
    if (options.signal?.aborted)
      throw new OnescanError('CANCELLED', 'the export was cancelled', { cause: thrown });
    throw OnescanError.from(thrown);
  }
}

async function writeTables(
  connection: DuckDBConnection,
  {
    warehouse,
    partial,
    database,
    onProgress,
    signal,
  }: ExportLakeOptions & { partial: string; database: string },
): Promise<ExportedLake> {
  const tables = await readTables(connection);
  for (const table of tables) requireFileName(table);
  requireDifferent(tables);
  const stored = tables.filter(({ isView }) => !isView);
  const versions = await tableVersions(connection, database, stored);
  const builtVersion = tableVersion(readText(join(warehouse, BUILT_TABLES_FILE)));
  const manifest: Record<string, LakeManifest['tables'][string]> = {};
  const changedTypes: string[] = [];
  let bytes = 0;
  for (const [done, table] of tables.entries()) {
    signal?.throwIfAborted();
    const text = `${table.schema}.${table.name}`;
    onProgress?.({ table: text, done, total: tables.length });
    const path = join(partial, table.schema, `${table.name}${PARQUET}`);
    mkdirSync(dirname(path), { recursive: true });
    await connection.run(`COPY ${qualified(table)} TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`);
    sync(path);
    const changed = await typesChanged(connection, table, path);
    changedTypes.push(...changed);
    bytes += statSync(path).size;
    const position = stored.indexOf(table);
    if (position < 0 || changed.length > 0) continue;
    const content = lakeContent([{ path: '', sha256: await fileSha256(path) }]);
    manifest[text] = { content, version: builtVersion(table, versions[position]!) };
  }
  onProgress?.({ table: '', done: tables.length, total: tables.length });
  const whole: LakeManifest = { format: 'onescan.lake', formatVersion: 1, tables: manifest };
  const path = join(partial, LAKE_FILE);
  writeFileSync(path, `${JSON.stringify(whole, null, 2)}\n`);
  sync(path);
  return { tables: tables.length, bytes, changedTypes };
}

async function readTables(connection: DuckDBConnection): Promise<StoredTable[]> {
  const own = 'NOT internal AND database_name = current_database()';
  const result = await connection.runAndReadAll(
    `SELECT '.' || schema_name, '.' || table_name, false FROM duckdb_tables() WHERE ${own} UNION ALL
     SELECT '.' || schema_name, '.' || view_name, true FROM duckdb_views() WHERE ${own} ORDER BY 1, 2`,
  );
  // What decodes texts drops a U+FEFF that one begins with.
  return result.getRows().map(([schema, name, isView]) => ({
    schema: String(schema).slice(1),
    name: String(name).slice(1),
    isView: isView === true,
  }));
}

/** Columns whose type in the file is another, which values may not survive. */
async function typesChanged(
  connection: DuckDBConnection,
  table: StoredTable,
  path: string,
): Promise<string[]> {
  const types = async (from: string): Promise<unknown[][]> =>
    (
      await connection.runAndReadAll(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${from})`)
    ).getRows();
  const now = await types(`read_parquet(${literal(path)}, hive_partitioning = false)`);
  const before = await types(qualified(table));
  return before.flatMap(([column, type], i) =>
    now[i]?.[1] === type ? [] : [`${table.schema}.${table.name}.${column}: ${type} as ${now[i]?.[1]}`],
  );
}

function requireDatabase(warehouse: string, database: string): void {
  if (existsSync(database)) return;
  throw new OnescanError('NOT_FOUND', `there is no embedded warehouse at ${warehouse}`, {
    remedy: 'Build one with `onescan warehouse build`, or give the right folder to --warehouse',
  });
}

function requireFree(out: string): void {
  if (!existsSync(out) || isEmptyFolder(out)) return;
  throw new OnescanError('ALREADY_EXISTS', `${out} is there already`, {
    remedy: 'Give a folder to --lake that does not exist yet, or remove this one',
    details: { path: out },
  });
}

function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}

/** Onto an empty folder, if there is one. */
function publish(partial: string, out: string): void {
  sync(partial);
  renameSync(partial, out);
  sync(dirname(out));
}

function partialPrefix(out: string): string {
  return `.${basename(out)}.partial-`;
}

/** Removes what exports to this folder left behind whose process is gone. */
function removeAbandoned(out: string): void {
  const prefix = partialPrefix(out);
  for (const entry of readdirSync(dirname(out))) {
    const pid = entry.startsWith(prefix) ? Number(entry.slice(prefix.length)) : Number.NaN;
    if (!Number.isInteger(pid) || (pid !== process.pid && isProcessAlive(pid))) continue;
    rmSync(join(dirname(out), entry), { recursive: true, force: true });
  }
}

function requireFileName({ schema, name }: StoredTable): void {
  for (const [each, file] of [
    [schema, schema],
    [name, `${name}${PARQUET}`],
  ] as const) {
    const isBad = /^[._]|[/\\\0]/.test(each) || Buffer.byteLength(file) > MAX_NAME_BYTES;
    if (!isBad) continue;
    throw new OnescanError('INVALID_ARGUMENT', `table "${schema}.${name}" cannot be a file of a lake`, {
      remedy: 'Rename it: no name may begin with . or _, hold a slash, or take more than 247 bytes',
      details: { table: `${schema}.${name}` },
    });
  }
}

/** Some file systems do not tell names apart that differ in case. */
function requireDifferent(tables: readonly StoredTable[]): void {
  const seen = new Map<string, StoredTable>();
  for (const table of tables) {
    const id = `${table.schema}/${table.name}`.toLowerCase();
    const other = seen.get(id);
    if (other) {
      throw new OnescanError(
        'INVALID_ARGUMENT',
        `tables ${other.name} and ${table.name} differ in case only`,
        {
          remedy: 'Rename one of them',
        },
      );
    }
    seen.set(id, table);
  }
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function qualified({ schema, name }: StoredTable): string {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  return `${quoted(schema)}.${quoted(name)}`;
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
