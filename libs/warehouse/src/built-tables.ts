import { writeFileSync } from 'node:fs';
import { openConfinedDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { tableVersions } from '@onescan/dataset/duckdb/table-versions.js';

/** File beside a built database that tells how its tables were stored. */
export const BUILT_TABLES_FILE = 'warehouse-tables.json';

/** `warehouse-tables.json`: by it a table that was changed since is told from one that is as it was built. */
export interface BuiltTables {
  /** What the tables were made from; see the manifest. */
  readonly inputsSha256: string;
  /** Version of the stored table by "schema.table". */
  readonly tables: Readonly<Record<string, string>>;
}

/** Writes the versions of all tables of a database that nobody writes to. */
export async function writeBuiltTables(
  path: string,
  database: string,
  { inputsSha256, memory }: { inputsSha256: string; memory: string },
): Promise<void> {
  const instance = await openConfinedDuckDb(database, { access_mode: 'READ_ONLY', memory_limit: memory });
  try {
    const connection = await instance.connect();
    const rows = await connection.runAndReadAll(
      'SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY ALL',
    );
    const tables = rows.getRows().map(([schema, name]) => ({ schema: String(schema), name: String(name) }));
    const versions = await tableVersions(connection, database, tables);
    const named = tables.map(({ schema, name }, i) => [`${schema}.${name}`, versions[i]!]);
    const built: BuiltTables = { inputsSha256, tables: Object.fromEntries(named) };
    writeFileSync(path, `${JSON.stringify(built, null, 2)}\n`);
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
}

/**
 * The version of a table, given the one of its storage. A table that is as `onescan warehouse build` made it is known by
 * what it was made from, so that two builds from the same bars have the same datasets; any other by its storage.
 *
 * @param text of the file, undefined without one
 */
export function tableVersion(
  text: string | undefined,
): (table: { readonly schema: string; readonly name: string }, stored: string) => string {
  const built = text === undefined ? undefined : parse(text);
  return ({ schema, name }, stored) =>
    built?.tables[`${schema}.${name}`] === stored ? `built ${built.inputsSha256}` : stored;
}

/** Undefined for what the build has not written. */
function parse(text: string): BuiltTables | undefined {
  try {
    const { inputsSha256, tables } = JSON.parse(text) as Partial<BuiltTables>;
    const isWhole = typeof inputsSha256 === 'string' && typeof tables === 'object' && tables !== null;
    return isWhole ? { inputsSha256, tables } : undefined;
  } catch {
    return undefined;
  }
}
