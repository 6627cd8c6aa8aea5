import { type KeySpan, type TableName, tableText } from '../../catalogue/catalogue.js';
import type { PartitionSource } from './partition-source.js';
import { readPartitions } from './read-partitions.js';
import type { Query } from './read-tables.js';

/**
 * First and last day with rows of tables, from their partitions, with one query for a thousand tables of a dataset.
 * Tables that are not partitioned by time are left out.
 */
export async function readPartitionSpans(
  query: Query,
  source: PartitionSource,
  tables: readonly TableName[],
): Promise<Map<string, KeySpan>> {
  const spans = new Map<string, KeySpan>();
  const rows = await readPartitions(query, source, tables, (from, names) => {
    return `SELECT table_name, MIN(partition_id) AS first, MAX(partition_id) AS last FROM ${from} WHERE total_rows > 0 AND partition_id NOT IN ('__NULL__', '__UNPARTITIONED__') AND table_name IN (${names}) GROUP BY table_name`;
  });
  for (const { schema, cells } of rows) {
    const [name, first, last] = cells;
    const minKey = startOf(first ?? '', 0);
    const maxKey = startOf(last ?? '', 1);
    if (minKey === undefined || maxKey === undefined) continue;
    spans.set(tableText({ schema, name: name! }), { minKey, maxKey });
  }
  return spans;
}

/** Start in epoch microseconds of the partition `id` (YYYY, YYYYMM, YYYYMMDD or YYYYMMDDHH), or of the next one. */
function startOf(id: string, next: 0 | 1): number | undefined {
  const found = /^(\d{4})(\d{2})?(\d{2})?(\d{2})?$/.exec(id);
  if (!found) return undefined;
  const [year, month, day, hour] = found
    .slice(1)
    .map((part) => (part === undefined ? undefined : Number(part)));
  const parts = [year!, (month ?? 1) - 1, day ?? 1, hour ?? 0];
  const finest = hour !== undefined ? 3 : day !== undefined ? 2 : month !== undefined ? 1 : 0;
  parts[finest]! += next;
  return Date.UTC(parts[0]!, parts[1]!, parts[2]!, parts[3]!) * 1000;
}
