import type { DuckDBConnection } from '@duckdb/node-api';
import type { KeyRange } from '../../catalogue/catalogue.js';
import { isSameName } from '../../catalogue/find-names.js';
import type { TableRead } from '../warehouse.js';
import { fileList } from './lake-database.js';
import type { LakeTable } from './lake-files.js';

/** Some rows of a file: what each column takes there, and between which keys they lie. */
interface RowGroup {
  /** Compressed bytes by column, in lower case. */
  readonly bytes: ReadonlyMap<string, bigint>;
  /** In epoch microseconds; undefined when the file does not tell. */
  readonly minKey?: number;
  readonly maxKey?: number;
}

/** What the columns of a table take in its files, as their footers tell. */
export type ColumnChunks = readonly RowGroup[];

/** Reads the footers of a table's files. */
export async function readColumnChunks(
  connection: DuckDBConnection,
  { files }: Pick<LakeTable, 'files'>,
  keyColumn: string,
): Promise<ColumnChunks> {
  const micros = (stat: string): string => `epoch_us(TRY_CAST(${stat} AS TIMESTAMPTZ))`;
  const result = await connection.runAndReadAll(
    `SELECT file_name, row_group_id, path_in_schema, sum(total_compressed_size)::BIGINT,
       any_value(${micros('stats_min_value')}), any_value(${micros('stats_max_value')})
     FROM parquet_metadata(${fileList(files)}) GROUP BY ALL ORDER BY ALL`,
  );
  const groups = new Map<string, { bytes: Map<string, bigint>; minKey?: number; maxKey?: number }>();
  for (const [file, id, column, bytes, min, max] of result.getRows()) {
    const key = `${id} ${file}`;
    const group = groups.get(key) ?? { bytes: new Map<string, bigint>() };
    groups.set(key, group);
    const name = String(column).toLowerCase();
    group.bytes.set(name, (group.bytes.get(name) ?? 0n) + BigInt(bytes as bigint));
    if (!isSameName(String(column), keyColumn) || min === null || max === null) continue;
    group.minKey = Number(min);
    group.maxKey = Number(max);
  }
  return [...groups.values()];
}

/**
 * Bytes that a scan of some columns reads at most: their chunks in the groups of rows that may hold a key of the range.
 * Columns in the names of folders take none.
 */
export function scannedBytes(
  chunks: ColumnChunks,
  { columns, range }: Pick<TableRead, 'columns' | 'range'>,
): bigint {
  let total = 0n;
  for (const group of chunks) {
    if (!mayHold(group, range)) continue;
    for (const { name } of columns) total += group.bytes.get(name.toLowerCase()) ?? 0n;
  }
  return total;
}

function mayHold({ minKey, maxKey }: RowGroup, { from, to }: KeyRange): boolean {
  if (minKey === undefined || maxKey === undefined) return true;
  return (to === undefined || minKey < to) && (from === undefined || maxKey >= from);
}
