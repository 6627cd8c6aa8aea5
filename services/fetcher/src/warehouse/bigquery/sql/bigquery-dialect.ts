import type { FetchQuery, FetchTable } from '../../../sql/fetch-query.js';
import type { DialectTraits, SqlDialect } from '../../../sql/sql-dialect.js';
import { numberArray, textArray } from './array-values.js';
import { farmFingerprint } from './farm-fingerprint.js';
import { FINGERPRINT_MASK, whereSampled } from './key-filter.js';
import { columnName, tableName } from './quoted-names.js';
import { sampleArray, sampleClauses } from './sample-clauses.js';

/** GoogleSQL whatever the project. */
export const BIGQUERY_TRAITS: DialectTraits = {
  name: 'bigquery',
  keyHash: (seed) => (micros) => Number(farmFingerprint(`${seed}:${micros}`) & BigInt(FINGERPRINT_MASK)),
  isKeyType: (type) => type === 'TIMESTAMP',
};

/**
 * GoogleSQL over tables of a project. Texts come marked, see `TEXT_MARK`. Every column of a user's is qualified, so that
 * none is taken for a name of ours, nor for its table, which may have the same name.
 */
export function bigQueryDialect(project: string): SqlDialect {
  return {
    ...BIGQUERY_TRAITS,
    pack: (query) => pack(project, query),
    join: (query) => join(project, query),
  };
}

const PACKED_COLUMNS = ['k', 'part', 'numbers', 'texts'];

function pack(project: string, query: FetchQuery): string {
  const tables = query.tables.map((table, i) => packedTable(project, query, { table, part: i + 1 }));
  const sample = [
    sampleClauses(project, query),
    `SELECT s.r AS row_index, UNIX_MICROS(s.k) AS key, 0 AS part, ${sampleArray(query)} AS numbers, ARRAY<STRING>[] AS texts FROM sample s`,
  ];
  if (tables.length === 0) return sample.join('\n');
  return [
    ...sample,
    'UNION ALL',
    'SELECT s.r, UNIX_MICROS(s.k), f.part, f.numbers, f.texts FROM (',
    tables.join('\nUNION ALL\n'),
    ') f JOIN sample s ON f.k = s.k',
  ].join('\n');
}

function packedTable(
  project: string,
  query: FetchQuery,
  { table, part }: { table: FetchTable; part: number },
): string {
  const key = `f.${columnName(query.keyColumn)}`;
  const values = [key, String(part), numberArray(table.numbers, 'f.'), textArray(table.texts, 'f.')];
  // The first of a union names its columns; the text has a limit that hundreds of tables come near.
  const named = part === 1 ? values.map((value, i) => `${value} AS ${PACKED_COLUMNS[i]}`) : values;
  return `SELECT ${named.join(', ')} FROM ${tableName(project, table.table)} f${whereSampled(key, query)}`;
}

/** Filters stand in subqueries, before the join, where partitions are left unread. */
function join(project: string, query: FetchQuery): string {
  const columns = ['s.r AS row_index', 'UNIX_MICROS(s.k) AS key', `${sampleArray(query)} AS numbers_0`];
  const key = columnName(query.keyColumn);
  const joins = query.tables.map((table, i) => {
    const alias = `f${i + 1}`;
    columns.push(`${numberArray(table.numbers, `${alias}.`)} AS numbers_${i + 1}`);
    columns.push(`${textArray(table.texts, `${alias}.`)} AS texts_${i + 1}`);
    const names = [key, ...[...table.numbers, ...table.texts].map(({ name }) => columnName(name))];
    const read = names.map((each) => `t.${each}`).join(', ');
    const from = `SELECT ${read} FROM ${tableName(project, table.table)} t${whereSampled(`t.${key}`, query)}`;
    return `LEFT JOIN (${from}) ${alias} ON ${alias}.${key} = s.k`;
  });
  return `${sampleClauses(project, query)}\nSELECT ${columns.join(',\n  ')}\nFROM sample s\n${joins.join('\n')}`;
}
