import { sep } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { literal } from '../../column.js';
import { badFile } from '../bad-bars.js';
import { BarColumns, type BarValues, type ReadBars, VALUES } from '../bar-columns.js';
import type { BarReader } from '../bar-reading.js';
import { FileTimes } from '../time/file-times.js';

const COLUMNS = ['time', ...VALUES] as const;
const NUMBER = /^(?:DOUBLE|FLOAT|DECIMAL\(.*\)|U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT))$/;
const WHOLE = /^U?(?:INTEGER|BIGINT)$/;
const INSTANT = 'TIMESTAMP WITH TIME ZONE';

interface ParquetColumn {
  /** As it is written in the file. */
  readonly name: string;
  readonly type: string;
}

/** How the time is selected: as microseconds, or as text that is read like that of a CSV. */
interface TimeColumn {
  readonly sql: string;
  readonly kind: 'wall' | 'instant' | 'text';
}

/**
 * Reads the bars of a Parquet file. Times may be of any timestamp or date type, whole numbers since 1970, or text; those
 * without a zone are of the reader's zone.
 *
 * @throws OnescanError INVALID_ARGUMENT naming file, bar and remedy
 */
export async function readParquet(
  connection: DuckDBConnection,
  file: string,
  reader: BarReader,
): Promise<ReadBars> {
  if (reader.named.format !== 'columns') {
    throw badFile(
      file,
      `is Parquet, but --bars-format ${reader.named.format} is of CSV files`,
      'Leave --bars-format out',
    );
  }
  const scan = `read_parquet(${literal(literalGlob(file))}, hive_partitioning = false, union_by_name = false)`;
  const found = await parquetColumns(connection, file, scan);
  const time = timeColumn(file, found.time);
  const select = VALUES.map((name) => valueSql(file, name, found[name]));
  const columns = new BarColumns();
  const times = new FileTimes(file, reader);
  if (time.kind !== 'text') times.areInstants(time.kind === 'instant');
  const placeOf = (row: number): string => `bar ${row + 1}`;
  await unlessUnreadable(file, async () => {
    const result = await connection.stream(`SELECT ${time.sql}, ${select.join(', ')} FROM ${scan}`);
    for (
      let chunk = await result.fetchChunk();
      chunk !== null && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      const [when, ...values] = [0, 1, 2, 3, 4, 5].map((column) => chunk!.getColumnVector(column));
      for (let row = 0; row < chunk.rowCount; row++) {
        const read = when!.getItem(row);
        const micros =
          time.kind === 'text'
            ? times.read(String(read ?? '').trim(), [], () => placeOf(columns.rows))
            : ((read as number | null) ?? Number.NaN);
        const bar = values.map((vector) => (vector.getItem(row) as number | null) ?? Number.NaN);
        columns.push(micros, bar as unknown as BarValues);
      }
    }
  });
  times.toUtc(columns, placeOf);
  return { columns, placeOf };
}

/**
 * The path as a pattern that matches nothing but itself: each character with a meaning in brackets.
 *
 * @throws OnescanError INVALID_ARGUMENT when there is none, because DuckDB splits patterns at backslashes everywhere
 */
function literalGlob(path: string): string {
  const pattern = path.replace(/[[*?]/g, '[$&]');
  if (pattern === path || sep === '\\' || !path.includes('\\')) return pattern;
  throw badFile(path, 'has a backslash and one of [ * ? in its path', 'Rename the folder');
}

async function unlessUnreadable<T>(file: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof OnescanError) throw cause;
    const { message } = OnescanError.from(cause);
    throw badFile(file, `cannot be read as Parquet: ${message.split('\n')[0]}`, 'Check the file', cause);
  }
}

/** The wanted columns, found by any capitalisation; each must be there once. */
async function parquetColumns(
  connection: DuckDBConnection,
  file: string,
  scan: string,
): Promise<Record<(typeof COLUMNS)[number], ParquetColumn>> {
  return await unlessUnreadable(file, async () => {
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${scan}`);
    const types = described.getRows().map((row) => ({ name: String(row[0]), type: String(row[1]) }));
    const names = await writtenNames(connection, file);
    const find = (wanted: string): ParquetColumn => {
      const many = names.filter((name) => name.toLowerCase() === wanted);
      if (many.length > 1) {
        throw badFile(
          file,
          `has ${many.length} columns ${wanted}: ${many.join(', ')}`,
          'Keep the one that is right',
        );
      }
      const column = types.find(({ name }) => name.toLowerCase() === wanted);
      if (column !== undefined) return column;
      throw badFile(file, `has no column ${wanted}`, `It needs the columns ${COLUMNS.join(', ')}`);
    };
    return Object.fromEntries(COLUMNS.map((name) => [name, find(name)])) as Awaited<
      ReturnType<typeof parquetColumns>
    >;
  });
}

/** Names of the columns as they are in the file: a scan renames those that differ in capitalisation only. */
async function writtenNames(connection: DuckDBConnection, file: string): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    `SELECT name, coalesce(num_children, 0)::INTEGER FROM parquet_schema(${literal(literalGlob(file))})`,
  );
  const elements = reader.getRows() as [string, number][];
  const names: string[] = [];
  // Depth first: after the root, a column is followed by all that is nested in it.
  const skip = (from: number): number => {
    let at = from + 1;
    for (let child = 0; child < elements[from]![1]; child++) at = skip(at);
    return at;
  };
  for (let at = 1; at < elements.length; at = skip(at)) names.push(elements[at]![0]);
  return names;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function valueSql(file: string, column: string, { name, type }: ParquetColumn): string {
  if (NUMBER.test(type)) return `${quoted(name)}::DOUBLE`;
  throw badFile(file, `column ${column} is ${type}, not a number`, 'Write the column as DOUBLE');
}

function timeColumn(file: string, { name, type }: ParquetColumn): TimeColumn {
  const column = quoted(name);
  if (type === 'VARCHAR') return { sql: column, kind: 'text' };
  if (WHOLE.test(type)) return { sql: `${column}::VARCHAR`, kind: 'text' };
  if (type === INSTANT) return { sql: microsSql(column), kind: 'instant' };
  if (type.startsWith('TIMESTAMP') || type === 'DATE') {
    return { sql: microsSql(`${column}::TIMESTAMP`), kind: 'wall' };
  }
  throw badFile(
    file,
    `column time is ${type}, not a timestamp`,
    'Write times as timestamps, as text such as 2020-01-31 23:55:00, or as whole numbers since 1970',
  );
}

/** Microseconds since 1970 as DOUBLE, which holds all plausible ones exactly; infinity stays what it is. */
function microsSql(time: string): string {
  return `CASE WHEN isinf(${time}) THEN 'inf'::DOUBLE ELSE epoch_us(${time})::DOUBLE END`;
}
