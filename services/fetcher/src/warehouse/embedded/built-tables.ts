import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BUILT_TABLES_FILE, type BuiltTables } from '@onescan/warehouse/built-tables.js';
import type { TableName } from '../../catalogue/catalogue.js';
import { tableText } from '../../catalogue/catalogue.js';

/** State of the file that {@link readBuiltTables} reads. */
export function builtTablesText(folder: string): string {
  const file = statSync(join(folder, BUILT_TABLES_FILE), { throwIfNoEntry: false });
  return file ? `${file.ino} ${file.mtimeMs} ${file.size}` : '';
}

/**
 * The version of a table, given the one of its storage. A table that is as `onescan warehouse build` made it is known by
 * what it was made from, so that two builds from the same bars have the same datasets; any other by its storage.
 */
export function readBuiltTables(folder: string): (table: TableName, stored: string) => string {
  const path = join(folder, BUILT_TABLES_FILE);
  const built = existsSync(path) ? parse(readFileSync(path, 'utf8')) : undefined;
  return (table, stored) =>
    built?.tables[tableText(table)] === stored ? `built ${built.inputsSha256}` : stored;
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
