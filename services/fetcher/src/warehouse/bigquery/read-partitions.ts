import type { TableName } from '../../catalogue/catalogue.js';
import type { PartitionSource } from './partition-source.js';
import type { Query } from './read-tables.js';

/** INFORMATION_SCHEMA.PARTITIONS refuses queries over more than 1,000 tables. */
const TABLES_A_QUERY = 1000;

/** Names that can stand in a text literal as they are. */
const PLAIN_NAME = /^[A-Za-z0-9_-]+$/;

export interface PartitionRow {
  /** Dataset of the table. */
  readonly schema: string;
  readonly cells: readonly (string | null)[];
}

/**
 * Rows of queries on INFORMATION_SCHEMA.PARTITIONS, one for a thousand tables of a dataset. Tables whose names cannot
 * stand in a text literal are left out.
 *
 * @param sql of what stands after FROM and the names of its tables as list of literals
 */
export async function readPartitions(
  query: Query,
  source: PartitionSource,
  tables: readonly TableName[],
  sql: (from: string, names: string) => string,
): Promise<PartitionRow[]> {
  const found: PartitionRow[] = [];
  for (const schema of new Set(tables.map((table) => table.schema))) {
    const names = tables.filter((table) => table.schema === schema).map(({ name }) => name);
    const plain = [...new Set(names)].filter((name) => PLAIN_NAME.test(name));
    for (let start = 0; start < plain.length; start += TABLES_A_QUERY) {
      const some = plain.slice(start, start + TABLES_A_QUERY);
      const rows = await query(sql(source(schema, some), some.map((name) => `'${name}'`).join(', ')));
      for (const cells of rows) found.push({ schema, cells });
    }
  }
  return found;
}
