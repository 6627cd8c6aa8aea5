import { statementReads, type TableScan } from './statement-reads.js';
import type { WarehouseDatabase } from './warehouse-database.js';

/**
 * Scans with those of the tables below views in the views' place, over their whole length: what a filter on a view
 * leaves unread is not found out.
 *
 * @param serialize the tree of a statement, see {@link statementReads}
 */
export async function throughViews(
  database: WarehouseDatabase,
  scans: readonly TableScan[],
  keyColumn: string,
  serialize: (sql: string) => Promise<string>,
): Promise<TableScan[]> {
  const found: TableScan[] = [];
  for (const scan of scans) {
    const sql = database.viewSql(scan.schema, scan.table);
    if (sql === undefined) {
      found.push(scan);
      continue;
    }
    const below = statementReads(await serialize(sql), keyColumn, (schema, table) =>
      database.columnsOf(schema, table),
    );
    found.push(...(await throughViews(database, below, keyColumn, serialize)));
  }
  return found;
}
