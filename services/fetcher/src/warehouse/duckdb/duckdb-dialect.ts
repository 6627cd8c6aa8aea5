import type { CatalogueColumn, KeyRange, TableName } from '../../catalogue/catalogue.js';
import {
  bringsOwnPast,
  type FetchQuery,
  type FetchTable,
  type KeySource,
  overlapHorizons,
  persistenceSource,
} from '../../sql/fetch-query.js';
import {
  HASH_BOUND,
  HASH_MULTIPLIER,
  type HashTerms,
  hashLimit,
  hashTerms,
  keyHash,
  sampleHashLimit,
} from '../../sql/key-hash.js';
import type { SqlDialect } from '../../sql/sql-dialect.js';

/** Put before every text: what decodes them drops a U+FEFF that one begins with. */
export const TEXT_MARK = '=';

/** Of any precision, with or without time zone. A DATE would stand for one bar a day, a TIME for none. */
const KEY_TYPE = /^TIMESTAMP(_S|_MS|_NS)?( WITH TIME ZONE)?$/;

/** DuckDB's SQL. */
export const duckdbDialect: SqlDialect = {
  name: 'duckdb',
  keyHash: (seed) => {
    const terms = hashTerms(seed);
    return (micros) => Number(keyHash(micros / MICROS_PER_SECOND, terms));
  },
  isKeyType: (type) => KEY_TYPE.test(type),
  pack,
  join,
};

const MICROS_PER_SECOND = 1_000_000n;

/**
 * The tables are put under each other first and joined to the sample once: a join for each table would hold
 * hundreds of hash tables at a time. Rows outside the sample are filtered by hash before they get there.
 */
function pack(query: FetchQuery): string {
  const tables = query.tables.map((table, i) => packedTable(query, table, i + 1));
  const sample = [
    sampleClauses(query),
    `SELECT s.r AS row_index, epoch_us(s.k) AS key, 0 AS part, ${sampleNumbers(query)} AS numbers, []::VARCHAR[] AS texts FROM sample s`,
  ];
  if (tables.length === 0) return sample.join('\n');
  return [
    ...sample,
    'UNION ALL',
    'SELECT s.r, epoch_us(s.k), f.part, f.numbers, f.texts FROM (',
    tables.join('\nUNION ALL\n'),
    ') f JOIN sample s ON f.k = s.k',
  ].join('\n');
}

function packedTable(query: FetchQuery, table: FetchTable, part: number): string {
  const key = keyOf('f', query);
  const values = `${part} AS part, ${numberList('f', table.numbers)} AS numbers, ${textList('f', table.texts)} AS texts`;
  return `SELECT ${instant(key)} AS k, ${values} FROM ${tableName(table.table)} f${where(sampleFilter(key, query))}`;
}

function join(query: FetchQuery): string {
  const columns = ['s.r AS row_index', 'epoch_us(s.k) AS key', `${sampleNumbers(query)} AS numbers_0`];
  const joins: string[] = [];
  query.tables.forEach((table, i) => {
    const alias = `f${i + 1}`;
    columns.push(`${numberList(alias, table.numbers)} AS numbers_${i + 1}`);
    columns.push(`${textList(alias, table.texts)} AS texts_${i + 1}`);
    const key = keyOf(alias, query);
    const filter = rangeFilter(key, query.sample.range);
    joins.push(
      `LEFT JOIN ${tableName(table.table)} ${alias} ON ${instant(key)} = s.k${filter && ` AND ${filter}`}`,
    );
  });
  return `${sampleClauses(query)}\nSELECT ${columns.join(',\n  ')}\nFROM sample s\n${joins.join('\n')}`;
}

/**
 * bars: every bar of the targets table with its ordinal; closes: the known parts; chosen: the sampled keys;
 * sample: the same in order of key, each with its row.
 */
function sampleClauses(query: FetchQuery): string {
  const { targets, closes } = query;
  if (!targets) return keyClauses(query);
  const key = keyOf('t', query);
  const past = persistenceSource(targets);
  const clauses = [
    `bars AS (SELECT ${instant(key)} AS k, row_number() OVER w - 1 AS bar, lag(t.${name(past.column)}, ${past.horizon}) OVER w AS persistence, ${targets.columns
      .map(({ horizon, column }) => `t.${name(column)} AS target_${horizon}`)
      .join(', ')} FROM ${tableName(targets.table)} t WINDOW w AS (ORDER BY ${key}))`,
    `chosen AS (SELECT * FROM bars${leastKeys('k', query, query.sample.sources[0]!)})`,
  ];
  let known = '';
  let source = 'chosen';
  if (closes && overlapHorizons(query).length > 0) {
    clauses.push(`closes AS (${knownParts(query, closes)})`);
    known = `, ${overlapHorizons(query)
      .map((horizon) => `closes.known_${horizon}`)
      .join(', ')}, closes.own_past`;
    source = 'chosen LEFT JOIN closes ON chosen.k = closes.k';
  }
  clauses.push(
    `sample AS MATERIALIZED (SELECT CAST(row_number() OVER (ORDER BY chosen.k) - 1 AS INTEGER) AS r, chosen.*${known} FROM ${source})`,
  );
  return `WITH ${clauses.join(',\n')}`;
}

/** sample: the sampled keys of all sources in order, each with its row. */
function keyClauses(query: FetchQuery): string {
  const key = keyOf('t', query);
  const { sources } = query.sample;
  const chosen = sources.map(
    (source, i) =>
      `chosen_${i} AS (SELECT ${instant(key)} AS k FROM ${tableName(source.table)} t${leastKeys(key, query, source)})`,
  );
  const keys = sources.map((_, i) => `SELECT k FROM chosen_${i}`).join(' UNION ');
  const sample = `sample AS MATERIALIZED (SELECT CAST(row_number() OVER (ORDER BY k) - 1 AS INTEGER) AS r, k FROM (${keys}))`;
  return `WITH ${[...chosen, sample].join(',\n')}`;
}

/** The clauses that leave a source's sampled keys. */
function leastKeys(key: string, query: FetchQuery, source: KeySource): string {
  const { seed } = query.sample;
  const filter = where(hashFilter(key, query, hashLimit(source.rows, source.available)));
  return `${filter} ORDER BY ${keyHashSql(key, hashTerms(seed))}, ${key} LIMIT ${source.rows}`;
}

/** 100 * (close[t] - close[t - (W - H)]) / close[t - (W - H)] for every horizon H < W, and for H = 0 as own_past. */
function knownParts(query: FetchQuery, closes: { table: TableName; column: string }): string {
  const { window } = query.targets!;
  const key = keyOf('t', query);
  const close = `CAST(t.${name(closes.column)} AS DOUBLE)`;
  const parts = [...overlapHorizons(query), 0].map((horizon) => {
    const before = `lag(${close}, ${window - horizon}) OVER w`;
    const as = horizon === 0 ? 'own_past' : `known_${horizon}`;
    return `100 * (${close} - ${before}) / nullif(${before}, 0) AS ${as}`;
  });
  return `SELECT ${instant(key)} AS k, ${parts.join(', ')} FROM ${tableName(closes.table)} t WINDOW w AS (ORDER BY ${key})`;
}

function sampleNumbers(query: FetchQuery): string {
  if (!query.targets) return '[]::DOUBLE[]';
  const columns = [
    'bar',
    'persistence',
    ...query.targets.columns.map(({ horizon }) => `target_${horizon}`),
    ...overlapHorizons(query).map((horizon) => `known_${horizon}`),
    ...(bringsOwnPast(query) ? ['own_past'] : []),
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
  return `[${columns.map((column) => `${literal(TEXT_MARK)} || CAST(${alias}.${name(column.name)} AS VARCHAR)`).join(', ')}]`;
}

/** The key of a table by its alias. Every column of a user's is qualified, so that none is taken for a name of ours. */
function keyOf(alias: string, { keyColumn }: FetchQuery): string {
  return `${alias}.${name(keyColumn)}`;
}

/**
 * A key as UTC microseconds, whatever its type: TIMESTAMP WITH TIME ZONE is an instant, which the session, in UTC, turns
 * into the same time; nanoseconds are cut off. Nothing is to be done for a TIMESTAMP.
 */
function instant(key: string): string {
  return `CAST(${key} AS TIMESTAMP)`;
}

/** The hash of a key expression, see {@link keyHash}. */
export function keyHashSql(key: string, terms: HashTerms): string {
  const h1 = `((epoch_us(${key}) // 1000000 * ${HASH_MULTIPLIER} + ${terms.linear}) % ${HASH_BOUND})`;
  const h2 = `((${h1} * ${h1} + ${terms.inner}) % ${HASH_BOUND})`;
  return `((${h2} * ${h2} + ${terms.outer}) % ${HASH_BOUND})`;
}

/** Condition that all keys of the sample meet and few others; empty when every key is sampled. */
function sampleFilter(key: string, query: FetchQuery): string {
  return hashFilter(key, query, sampleHashLimit(query.sample.sources));
}

function hashFilter(key: string, { sample }: FetchQuery, limit: bigint | undefined): string {
  const conditions = [rangeFilter(key, sample.range)];
  if (limit !== undefined) conditions.push(`${keyHashSql(key, hashTerms(sample.seed))} <= ${limit}`);
  return conditions.filter(Boolean).join(' AND ');
}

function where(condition: string): string {
  return condition && ` WHERE ${condition}`;
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

/** A text in quotes. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A qualified table name in quotes. */
export function tableName(table: TableName): string {
  return `${name(table.schema)}.${name(table.name)}`;
}

/** An identifier in quotes. */
export function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
