import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BUILT_TABLES_FILE, tableVersion } from '@onescan/warehouse/built-tables.js';
import type { TableName } from '../../catalogue/catalogue.js';

/** State of the file that {@link readBuiltTables} reads. */
export function builtTablesText(folder: string): string {
  const file = statSync(join(folder, BUILT_TABLES_FILE), { throwIfNoEntry: false });
  return file ? `${file.ino} ${file.mtimeMs} ${file.size}` : '';
}

/** The version of a table, given the one of its storage; see {@link tableVersion}. */
export function readBuiltTables(folder: string): (table: TableName, stored: string) => string {
  const path = join(folder, BUILT_TABLES_FILE);
  return tableVersion(existsSync(path) ? readFileSync(path, 'utf8') : undefined);
}
