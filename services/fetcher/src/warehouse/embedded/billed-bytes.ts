import type { DuckDBConnection } from '@duckdb/node-api';
import type { CatalogueColumn, KeyRange } from '../../catalogue/catalogue.js';
import { MIN_TABLE_BYTES } from '../bigquery/published-terms.js';
import { name, rangeFilter, tableName } from '../duckdb/duckdb-dialect.js';
import type { TableRead } from '../warehouse.js';

/** Logical bytes a value, as BigQuery counts them: numbers and times 8, BOOL 1, STRING 2 + its UTF-8 bytes. */
const NUMBER_BYTES = 8;
const BOOL_BYTES = 1;
const TEXT_BYTES = 2;

const DAY_MICROS = 86_400_000_000;

/**
 * Bytes that BigQuery would bill for reading these columns from tables partitioned by day: whole days are
 * scanned, only referenced columns count, and each table counts for at least {@link MIN_TABLE_BYTES}. Reads
 * of the same table are added up, so a table is billed once.
 */
export async function billedBytes(
  connection: DuckDBConnection,
  reads: readonly TableRead[],
): Promise<bigint> {
  if (reads.length === 0) return 0n;
  const selects = reads.map((read, i) => {
    const filter = rangeFilter(`t.${name(keyOf(read))}`, wholeDays(read.range));
    const texts = read.columns.filter((column) => column.kind === 'text');
    const textBytes = texts.map(
      (column) => `coalesce(sum(strlen(CAST(t.${name(column.name)} AS VARCHAR))), 0)`,
    );
    const from = `${tableName(read.table)} t`;
    return `SELECT ${i}, count(*), ${textBytes.join(' + ') || '0'} FROM ${from}${filter && ` WHERE ${filter}`}`;
  });
  const result = await connection.runAndReadAll(selects.join(' UNION ALL '));
  const bytesByTable = new Map<string, bigint>();
  for (const [i, rows, textBytes] of result.getRows()) {
    const read = reads[Number(i)]!;
    const width = read.columns.reduce((sum, column) => sum + valueBytes(column), 0);
    const bytes = BigInt(Number(rows)) * BigInt(width) + BigInt(Math.round(Number(textBytes)));
    const table = tableName(read.table);
    bytesByTable.set(table, (bytesByTable.get(table) ?? 0n) + bytes);
  }
  let total = 0n;
  for (const bytes of bytesByTable.values()) total += bytes > MIN_TABLE_BYTES ? bytes : MIN_TABLE_BYTES;
  return total;
}

/** The key is always the first column of a read. */
function keyOf(read: TableRead): string {
  return read.columns[0]!.name;
}

function valueBytes(column: CatalogueColumn): number {
  if (column.kind === 'bool') return BOOL_BYTES;
  return column.kind === 'text' ? TEXT_BYTES : NUMBER_BYTES;
}

/** The range widened to whole UTC days: partitions are scanned as a whole. */
function wholeDays(range: KeyRange): KeyRange {
  return {
    ...(range.from === undefined ? {} : { from: Math.floor(range.from / DAY_MICROS) * DAY_MICROS }),
    ...(range.to === undefined ? {} : { to: Math.ceil(range.to / DAY_MICROS) * DAY_MICROS }),
    ...(range.days ? { days: range.days } : {}),
  };
}
