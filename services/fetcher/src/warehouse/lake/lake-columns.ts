import type { DuckDBConnection } from '@duckdb/node-api';
import type { CatalogueColumn } from '../../catalogue/catalogue.js';
import { columnKind } from '../duckdb/column-kind.js';
import { problemText } from '../duckdb/duckdb-connections.js';
import { tableName } from '../duckdb/duckdb-dialect.js';
import { fileList, type LakeDatabase } from './lake-database.js';
import type { LakeTable } from './lake-files.js';

/** Files whose footers one query reads. */
const FILES_PER_QUERY = 500;

/** Put before every name: what decodes texts drops a U+FEFF that one begins with. */
const MARK = '.';
const BYTE_ORDER_MARK = '\uFEFF';
const PARTITION_IN_PATH = /(?:^|\/)([^/=]+=[^/]+)(?:\/|$)/;

/** A table's columns as stored, or why they cannot be had. */
export interface LakeColumns {
  readonly columns: readonly CatalogueColumn[];
  readonly problem?: string;
}

/** A column at the top of a file. */
interface FileColumn {
  readonly name: string;
  readonly type: string;
  readonly isNested: boolean;
}

/** The columns of tables, in their order, from the footers of all of their files. */
export async function readLakeColumns(
  database: LakeDatabase,
  connection: DuckDBConnection,
  { root, tables }: { root: string; tables: readonly LakeTable[] },
): Promise<LakeColumns[]> {
  const footers = await readFooters(connection, tables);
  const all: LakeColumns[] = [];
  for (const [i, table] of tables.entries()) {
    const footer = footers[i]!;
    const problem = typeof footer === 'string' ? footer : problemOf(root, table, footer);
    all.push(
      problem === undefined
        ? await describe(database, connection, { table, own: [...(footer as Footers).values()][0]! })
        : { columns: typeof footer === 'string' ? [] : toColumns([...footer.values()][0]!), problem },
    );
  }
  return all;
}

/** Columns by file. */
type Footers = ReadonlyMap<string, readonly FileColumn[]>;

/** What each table's files say, many with one query; of one that cannot be read, why. */
async function readFooters(
  connection: DuckDBConnection,
  tables: readonly LakeTable[],
): Promise<(Footers | string)[]> {
  const found: (Footers | string)[] = [];
  for (let start = 0; start < tables.length; ) {
    let end = start;
    for (let files = 0; end < tables.length; end++) {
      files += tables[end]!.files.length;
      if (end > start && files > FILES_PER_QUERY) break;
    }
    const some = tables.slice(start, end);
    try {
      found.push(...(await footersOf(connection, some)));
    } catch {
      for (const table of some) {
        try {
          found.push(...(await footersOf(connection, [table])));
        } catch (thrown) {
          found.push(`cannot be read: ${problemText(thrown)}`);
        }
      }
    }
    start = end;
  }
  return found;
}

async function footersOf(connection: DuckDBConnection, tables: readonly LakeTable[]): Promise<Footers[]> {
  const result = await connection.runAndReadAll(
    `SELECT '${MARK}' || file_name, '${MARK}' || name, duckdb_type, coalesce(num_children, 0)::INTEGER
     FROM parquet_schema(${fileList(tables.flatMap(({ files }) => files))}) ORDER BY file_name, column_id`,
  );
  const byFile = new Map<string, FileColumn[]>();
  /** Elements below the one that was last at the top of a file. */
  let below = 0;
  for (const [file, column, type, children] of result.getRows()) {
    const path = unmarked(file);
    const own = byFile.get(path);
    if (!own) {
      // The first element is the root.
      byFile.set(path, []);
      below = 0;
      continue;
    }
    if (below > 0) {
      below += Number(children) - 1;
      continue;
    }
    below = Number(children);
    own.push({ name: unmarked(column), type: String(type), isNested: below > 0 });
  }
  return tables.map(({ files }) => new Map(files.map(({ path }) => [path, byFile.get(path) ?? []])));
}

function problemOf(
  root: string,
  { name, files, partitions }: LakeTable,
  footers: Footers,
): string | undefined {
  if (name.startsWith(BYTE_ORDER_MARK)) return 'has a name that begins with U+FEFF';
  const [first, ...others] = files.map(({ path, within }) => ({ within, columns: footers.get(path)! }));
  for (const { within, columns } of others) {
    const difference = differenceOf(first!.columns, columns);
    if (difference)
      return `has files that differ: ${first!.within} has ${difference[0]}, ${within} has ${difference[1]}`;
  }
  if (partitions.length === 0) return undefined;
  const lower = new Set(first!.columns.map((column) => column.name.toLowerCase()));
  const both = partitions.find((partition) => lower.has(partition.toLowerCase()));
  if (both !== undefined) return `has ${both} both in the names of its folders and in its files`;
  const above = PARTITION_IN_PATH.exec(root)?.[1];
  if (above !== undefined)
    return `is partitioned, and so would be all above it: ${above} is in the lake's own path`;
  return undefined;
}

/** How the first columns that are not the same are written, in both files. */
function differenceOf(a: readonly FileColumn[], b: readonly FileColumn[]): [string, string] | undefined {
  const text = (column: FileColumn | undefined): string =>
    column === undefined ? 'no further column' : `${column.name} ${column.type}`;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (text(a[i]) !== text(b[i])) return [text(a[i]), text(b[i])];
  }
  return undefined;
}

/** Columns as DuckDB reads them, which it is asked about where the footer alone does not tell. */
async function describe(
  database: LakeDatabase,
  connection: DuckDBConnection,
  { table, own }: { table: LakeTable; own: readonly FileColumn[] },
): Promise<LakeColumns> {
  const names = new Set(own.map(({ name }) => name.toLowerCase()));
  const isPlain =
    table.partitions.length === 0 && names.size === own.length && !own.some(({ isNested }) => isNested);
  if (isPlain) return { columns: toColumns(own) };
  try {
    await database.ensureViews(connection, [table]);
    const result = await connection.runAndReadAll(
      `SELECT '${MARK}' || column_name, column_type FROM (DESCRIBE ${tableName(table)})`,
    );
    const columns = result.getRows().map(([name, type]) => ({
      name: unmarked(name),
      type: String(type),
      isNested: false,
    }));
    return { columns: toColumns(columns) };
  } catch (thrown) {
    return { columns: toColumns(own), problem: `cannot be read: ${problemText(thrown)}` };
  }
}

function toColumns(columns: readonly FileColumn[]): CatalogueColumn[] {
  return columns.map(({ name, type }) => ({ name, type, kind: columnKind(type) }));
}

function unmarked(text: unknown): string {
  return String(text).slice(MARK.length);
}
