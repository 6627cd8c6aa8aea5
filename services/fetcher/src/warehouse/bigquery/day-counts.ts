import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type DayCount, type KeyRange, type TableName, tableText } from '../../catalogue/catalogue.js';
import type { PartitionSource } from './partition-source.js';
import { readPartitions } from './read-partitions.js';
import type { Query } from './read-tables.js';

const DAY_MICROS = 86_400_000_000;

/** Days of tables by "dataset.table", or what is wrong with a table. */
export type DaysOfTables = Map<string, DayCount[] | OnescanError>;

/**
 * Rows of every day of tables from their partitions: exact, and without reading a row. With one query for a thousand
 * tables of a dataset. A table that has no daily partitions, or rows outside them, gets its FAILED_PRECONDITION.
 */
export async function readDayCounts(
  query: Query,
  source: PartitionSource,
  tables: readonly TableName[],
): Promise<DaysOfTables> {
  const counted: DaysOfTables = new Map(tables.map((table) => [tableText(table), []]));
  const rows = await readPartitions(query, source, tables, (from, names) => {
    return `SELECT table_name, partition_id, SUM(total_rows) AS total_rows FROM ${from} WHERE table_name IN (${names}) GROUP BY table_name, partition_id`;
  });
  for (const { schema, cells } of rows) {
    const [name, id, count] = cells;
    const table = { schema, name: name! };
    const days = counted.get(tableText(table));
    if (!Array.isArray(days)) continue;
    const found = /^(\d{4})(\d{2})(\d{2})$/.exec(id ?? '');
    if (found) days.push({ day: `${found[1]}-${found[2]}-${found[3]}`, rows: Number(count) });
    else if (Number(count) > 0) counted.set(tableText(table), notDaily(table, id ?? null));
  }
  for (const days of counted.values()) {
    if (Array.isArray(days)) days.sort((x, y) => (x.day < y.day ? -1 : 1));
  }
  return counted;
}

/** The days that lie within a range as a whole: of a day that a bound cuts the partition does not tell the rows. */
export function daysWithin(days: readonly DayCount[], range: KeyRange): DayCount[] {
  const from = range.from === undefined ? undefined : dayOf(Math.ceil(range.from / DAY_MICROS));
  const to = range.to === undefined ? undefined : dayOf(Math.floor(range.to / DAY_MICROS));
  return days.filter(
    ({ day }) =>
      (from === undefined || day >= from) &&
      (to === undefined || day < to) &&
      (range.days === undefined || range.days.includes(day)),
  );
}

function dayOf(daysSinceEpoch: number): string {
  return new Date((daysSinceEpoch * DAY_MICROS) / 1000).toISOString().slice(0, 10);
}

function notDaily(table: TableName, partition: string | null): OnescanError {
  const problem =
    partition === null
      ? 'is not partitioned'
      : partition.startsWith('__')
        ? `holds rows in the partition ${partition}`
        : `is not partitioned by day (it has a partition ${partition})`;
  return new OnescanError('FAILED_PRECONDITION', `table ${tableText(table)} ${problem}`, {
    remedy: partition?.startsWith('__')
      ? 'Remove rows without a key, or wait until streamed rows have arrived in their partitions'
      : 'Partition the targets tables by DATE of the key, so that rows can be counted and days left unread',
    details: { table: tableText(table) },
  });
}
