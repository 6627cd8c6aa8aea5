import { OnescanError } from '@onescan/contract/onescan-error.js';
import { literal, quoted } from '@onescan/dataset/dataset-layout.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { readFixedWidth } from '@onescan/dataset/float-vectors.js';
import {
  type ReadColumns,
  requireColumns,
  requireRoom,
  TIME_COLUMN,
  type WantedColumn,
} from './wanted-columns.js';

/** One thread: rows come in the order of the file. */
const SETTINGS = { threads: '1' };

const NUMBERS = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\))$/;

type Connection = Awaited<ReturnType<Awaited<ReturnType<typeof openDuckDb>>['connect']>>;

/** Columns of a Parquet or CSV file; the values of a CSV file are read as texts, so that no guess of their type can fail. */
export async function readFileColumns(
  path: string,
  ending: '.parquet' | '.csv',
  wanted: readonly WantedColumn[],
): Promise<ReadColumns> {
  const file = literal(literalGlob(path));
  const scan =
    ending === '.parquet'
      ? `read_parquet(${file}, hive_partitioning = false)`
      : `read_csv(${file}, header = true, all_varchar = true, hive_partitioning = false)`;
  const instance = await openDuckDb(':memory:', SETTINGS);
  const connection = await instance.connect();
  try {
    const types = await typesOf(connection, path, scan);
    requireColumns(path, wanted, (name) => types.has(name));
    const counted = await connection.runAndReadAll(`SELECT count(*)::INTEGER FROM ${scan}`);
    const rows = counted.getRows()[0]![0] as number;
    requireRoom(path, rows, wanted.length);
    const selected = wanted.map((column) => numberOf(path, column, types.get(column.name)!));
    await requireNumbers(connection, path, scan, wanted, selected);
    const values = wanted.map(() => new Float64Array(rows));
    const doubles = selected.map((sql) => `coalesce(${sql}, 'NaN'::DOUBLE)`);
    if (rows > 0) await readFixedWidth(connection, `SELECT ${doubles.join(', ')} FROM ${scan}`, values);
    return { rows, values, time: await readTime(connection, scan, types, rows) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** DuckDB takes `*`, `?` and brackets in a path for a pattern: each in brackets of its own is a character. */
function literalGlob(path: string): string {
  return path.replaceAll(/[*?[]/g, '[$&]');
}

async function typesOf(connection: Connection, path: string, scan: string): Promise<Map<string, string>> {
  try {
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${scan}`);
    return new Map(
      described.getRowObjects().map((row) => [String(row.column_name), String(row.column_type)]),
    );
  } catch (cause) {
    const [reason] = String((cause as Error).message).split('\n');
    throw new OnescanError('INVALID_ARGUMENT', `${path} cannot be read: ${reason}`, { cause });
  }
}

/** SQL of a column's values as doubles, NULL where missing or no number. */
function numberOf(path: string, { name, encoding }: WantedColumn, type: string): string {
  const column = quoted(name);
  if (NUMBERS.test(type)) return `${column}::DOUBLE`;
  if (type === 'BOOLEAN') return `${column}::INTEGER::DOUBLE`;
  if (type !== 'VARCHAR') {
    throw new OnescanError('INVALID_ARGUMENT', `${path}: column ${name} is ${type}, which is no number`);
  }
  const text = textOf(column);
  const asNumber = `TRY_CAST(${text} AS DOUBLE)`;
  if (encoding === 'bool') return `coalesce(TRY_CAST(${text} AS BOOLEAN)::INTEGER::DOUBLE, ${asNumber})`;
  const codes = ordinalTexts(encoding).map(
    (known, code) => `WHEN ${column} = ${literal(known)} THEN ${code}`,
  );
  return codes.length === 0 ? asNumber : `(CASE ${codes.join(' ')} ELSE ${asNumber} END)::DOUBLE`;
}

function textOf(column: string): string {
  return `nullif(trim(${column}::VARCHAR), '')`;
}

/** Texts of an ordinal encoding in order of their codes; empty for the others. */
function ordinalTexts(encoding: string): readonly string[] {
  if (!encoding.startsWith('{')) return [];
  const { ordinal } = JSON.parse(encoding) as { ordinal?: unknown };
  return Array.isArray(ordinal) ? ordinal.map(String) : [];
}

/** @throws OnescanError naming the first column, in the order of the model, with a value that is no number */
async function requireNumbers(
  connection: Connection,
  path: string,
  scan: string,
  wanted: readonly WantedColumn[],
  selected: readonly string[],
): Promise<void> {
  const bad = selected.map((sql, slot) => {
    const text = textOf(quoted(wanted[slot]!.name));
    return `min(CASE WHEN ${text} IS NOT NULL AND (${sql}) IS NULL THEN ${text} END)`;
  });
  const found = await connection.runAndReadAll(`SELECT ${bad.join(', ')} FROM ${scan}`);
  const values = found.getRows()[0]!;
  const slot = values.findIndex((value) => value !== null);
  if (slot < 0) return;
  const { name, encoding } = wanted[slot]!;
  const expected = ordinalTexts(encoding).length > 0 ? 'none of the texts that the model knows' : 'no number';
  throw new OnescanError(
    'INVALID_ARGUMENT',
    `${path}: column ${name} holds ${JSON.stringify(String(values[slot]).slice(0, 80))}, which is ${expected}`,
  );
}

async function readTime(
  connection: Connection,
  scan: string,
  types: ReadonlyMap<string, string>,
  rows: number,
): Promise<BigInt64Array | null> {
  const type = types.get(TIME_COLUMN);
  if (type === undefined || rows === 0 || !(type === 'VARCHAR' || type.startsWith('TIMESTAMP'))) return null;
  const micros = `epoch_us(TRY_CAST(${quoted(TIME_COLUMN)} AS TIMESTAMP))`;
  const whole = await connection.runAndReadAll(`SELECT count(${micros})::INTEGER FROM ${scan}`);
  if (whole.getRows()[0]![0] !== rows) return null;
  const time = new BigInt64Array(rows);
  await readFixedWidth(connection, `SELECT ${micros} FROM ${scan}`, [time]);
  return time;
}
