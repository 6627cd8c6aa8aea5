import { OnescanError } from '@onescan/shared/onescan-error.js';
import { datasetName } from '../../sql/bigquery/quoted-names.js';
import { type DayCount, type KeyRange, type TableName, tableText } from '../warehouse.js';
import type { Query } from './read-tables.js';

const DAY_MICROS = 86_400_000_000;

/**
 * Rows of every day of a table from its partitions: exact, and without reading a row.
 *
 * @throws OnescanError FAILED_PRECONDITION when the table has no daily partitions, or rows outside them
 */
export async function readDayCounts(query: Query, project: string, table: TableName): Promise<DayCount[]> {
  const rows = await query(
    `SELECT partition_id, SUM(total_rows) AS total_rows FROM ${datasetName(project, table.schema)}.INFORMATION_SCHEMA.PARTITIONS WHERE table_name = '${table.name}' GROUP BY partition_id`,
  );
  const days: DayCount[] = [];
  for (const [id, count] of rows) {
    const found = /^(\d{4})(\d{2})(\d{2})$/.exec(id ?? '');
    if (found) days.push({ day: `${found[1]}-${found[2]}-${found[3]}`, rows: Number(count) });
    else if (Number(count) > 0) throw notDaily(table, id ?? null);
  }
  return days.sort((a, b) => (a.day < b.day ? -1 : 1));
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
