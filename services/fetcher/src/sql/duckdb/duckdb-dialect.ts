import type { CatalogueColumn, KeyRange, TableName } from '../../warehouse/warehouse.js';
import { type FetchQuery, type FetchTable, overlapHorizons } from '../fetch-query.js';
import type { SqlDialect } from '../sql-dialect.js';

/** DuckDB's SQL. */
export const duckdbDialect: SqlDialect = { name: 'duckdb', pack, join };

function pack(query: FetchQuery): string {
  const parts = [
    `SELECT s.r AS row_index, epoch_us(s.k) AS key, 0 AS part, ${sampleNumbers(query)} AS numbers, []::VARCHAR[] AS texts FROM sample s`,
    ...query.tables.map((table, i) => packedTable(query, table, i + 1)),
  ];
  return `${sampleClauses(query)}\n${parts.join('\nUNION ALL\n')}`;
}

function packedTable(query: FetchQuery, table: FetchTable, part: number): string {
  const filter = rangeFilter(`f.${name(query.keyColumn)}`, query.sample.range);
  return [
    `SELECT s.r, epoch_us(s.k), ${part}, ${numberList('f', table.numbers)}, ${textList('f', table.texts)}`,
    `FROM ${tableName(table.table)} f JOIN sample s ON f.${name(query.keyColumn)} = s.k${filter && ` WHERE ${filter}`}`,
  ].join(' ');
}

function join(query: FetchQuery): string {
  const columns = ['s.r AS row_index', 'epoch_us(s.k) AS key', `${sampleNumbers(query)} AS numbers_0`];
  const joins: string[] = [];
  query.tables.forEach((table, i) => {
    const alias = `f${i + 1}`;
    columns.push(`${numberList(alias, table.numbers)} AS numbers_${i + 1}`);
    columns.push(`${textList(alias, table.texts)} AS texts_${i + 1}`);
    const key = `${alias}.${name(query.keyColumn)}`;
    const filter = rangeFilter(key, query.sample.range);
    joins.push(`LEFT JOIN ${tableName(table.table)} ${alias} ON ${key} = s.k${filter && ` AND ${filter}`}`);
  });
  return `${sampleClauses(query)}\nSELECT ${columns.join(',\n  ')}\nFROM sample s\n${joins.join('\n')}`;
}

/**
 * bars: every bar of the targets table with its ordinal; closes: the known parts; chosen: the sampled keys;
 * sample: the same in order of key, each with its row.
 */
function sampleClauses(query: FetchQuery): string {
  const { targets, sample, closes } = query;
  const key = name(query.keyColumn);
  const first = targets.columns[0]!;
  const filter = rangeFilter('k', sample.range);
  const clauses = [
    `bars AS (SELECT ${key} AS k, row_number() OVER w - 1 AS bar, lag(${name(first.column)}, ${first.horizon}) OVER w AS persistence, ${targets.columns
      .map(({ horizon, column }) => `${name(column)} AS target_${horizon}`)
      .join(', ')} FROM ${tableName(targets.table)} WINDOW w AS (ORDER BY ${key}))`,
    `chosen AS (SELECT * FROM bars${filter && ` WHERE ${filter}`} ORDER BY md5('${sample.seed}:' || epoch_us(k)), k LIMIT ${sample.rows})`,
  ];
  let known = '';
  let source = 'chosen';
  if (closes && overlapHorizons(query).length > 0) {
    clauses.push(`closes AS (${knownParts(query, closes)})`);
    known = `, ${overlapHorizons(query)
      .map((horizon) => `closes.known_${horizon}`)
      .join(', ')}`;
    source = 'chosen LEFT JOIN closes ON chosen.k = closes.k';
  }
  clauses.push(
    `sample AS MATERIALIZED (SELECT CAST(row_number() OVER (ORDER BY chosen.k) - 1 AS INTEGER) AS r, chosen.*${known} FROM ${source})`,
  );
  return `WITH ${clauses.join(',\n')}`;
}

/** 100 * (close[t] - close[t - (W - H)]) / close[t - (W - H)] for every horizon H < W. */
function knownParts(query: FetchQuery, closes: { table: TableName; column: string }): string {
  const key = name(query.keyColumn);
  const close = `CAST(${name(closes.column)} AS DOUBLE)`;
  const parts = overlapHorizons(query).map((horizon) => {
    const before = `lag(${close}, ${query.targets.window - horizon}) OVER w`;
    return `100 * (${close} - ${before}) / nullif(${before}, 0) AS known_${horizon}`;
  });
  return `SELECT ${key} AS k, ${parts.join(', ')} FROM ${tableName(closes.table)} WINDOW w AS (ORDER BY ${key})`;
}

function sampleNumbers(query: FetchQuery): string {
  const columns = [
    'bar',
    'persistence',
    ...query.targets.columns.map(({ horizon }) => `target_${horizon}`),
    ...overlapHorizons(query).map((horizon) => `known_${horizon}`),
  ];
  return `[${columns.map((column) => `CAST(s.${column} AS DOUBLE)`).join(', ')}]`;
}

function numberList(alias: string, columns: readonly CatalogueColumn[]): string {
  if (columns.length === 0) return '[]::DOUBLE[]';
  const values = columns.map((column) =>
    column.type === 'DOUBLE'
      ? `${alias}.${name(column.name)}`
      : `CAST(${alias}.${name(column.name)} AS DOUBLE)`,
  );
  return `[${values.join(', ')}]`;
}

function textList(alias: string, columns: readonly CatalogueColumn[]): string {
  if (columns.length === 0) return '[]::VARCHAR[]';
  return `[${columns.map((column) => `CAST(${alias}.${name(column.name)} AS VARCHAR)`).join(', ')}]`;
}

/** Condition on a key expression; empty when the range is open. */
export function rangeFilter(key: string, range: KeyRange): string {
  const conditions: string[] = [];
  if (range.from !== undefined) conditions.push(`${key} >= make_timestamp(${range.from})`);
  if (range.to !== undefined) conditions.push(`${key} < make_timestamp(${range.to})`);
  if (range.days)
    conditions.push(`CAST(${key} AS DATE) IN (${range.days.map((day) => `DATE '${day}'`).join(', ')})`);
  return conditions.join(' AND ');
}

/** A qualified table name in quotes. */
export function tableName(table: TableName): string {
  return `${name(table.schema)}.${name(table.name)}`;
}

/** An identifier in quotes. */
export function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
