import { columnName, datasetName, tableName } from './sql/quoted-names.js';

/**
 * What stands after FROM for the partitions of some tables of a dataset, with the columns table_name, partition_id
 * and total_rows. Names have no quotes in them.
 */
export type PartitionSource = (dataset: string, tables: readonly string[]) => string;

/** INFORMATION_SCHEMA.PARTITIONS, which reads no row. */
export function partitionsView(project: string): PartitionSource {
  return (dataset) => `${datasetName(project, dataset)}.INFORMATION_SCHEMA.PARTITIONS`;
}

/**
 * The days of the key, counted, where there is no such view. It reads the key columns, and like all queries on metadata
 * is refused when that would bill more than their cap.
 */
export function countedPartitions(project: string, keyColumn: string): PartitionSource {
  const key = columnName(keyColumn);
  const days = (dataset: string, name: string): string =>
    `SELECT '${name}' AS table_name, FORMAT_DATE('%Y%m%d', DATE(${key})) AS partition_id, COUNT(*) AS total_rows FROM ${tableName(project, { schema: dataset, name })} GROUP BY partition_id`;
  return (dataset, tables) => `(${tables.map((name) => days(dataset, name)).join(' UNION ALL ')})`;
}
