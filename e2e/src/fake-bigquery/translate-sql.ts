import { ApiError, invalidQuery } from './api-error.js';
import { type Token, tokenizeSql } from './tokenize-sql.js';

/** Name under which the user's DuckDB file is attached. */
export const WAREHOUSE = 'wh';

/** GoogleSQL types and what DuckDB calls them. */
const TYPES: Readonly<Record<string, string>> = {
  FLOAT64: 'DOUBLE',
  INT64: 'BIGINT',
  STRING: 'VARCHAR',
  BOOL: 'BOOLEAN',
  NUMERIC: 'DECIMAL(38, 9)',
  TIMESTAMP: 'TIMESTAMP',
  DATE: 'DATE',
};

/** Functions that the fake knows: the same in DuckDB, or one of its own of that name. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['LAG', 'LEAD', 'ROW_NUMBER', 'COUNT', 'SUM', 'MIN', 'MAX', 'IFNULL', 'NULLIF', 'COALESCE'].map(
      (name) => [name, name],
    ),
  ),
  ...Object.fromEntries(['CAST', 'MOD', 'ABS', 'UNNEST'].map((name) => [name, name])),
  // NULL when any part is NULL, unlike DuckDB's.
  CONCAT: 'bigquery_concat',
  FARM_FINGERPRINT: 'farm_fingerprint',
  IEEE_DIVIDE: 'bigquery_ieee_divide',
  UNIX_MICROS: 'epoch_us',
  DATE: 'bigquery_date',
};

/** Words after which a parenthesis opens something other than arguments. */
const KEYWORDS = new Set(
  'SELECT FROM WHERE AND OR NOT IN AS ON JOIN LEFT INNER OVER WINDOW WITH UNION ALL ORDER GROUP PARTITION BY HAVING LIMIT BETWEEN IS CASE WHEN THEN ELSE END DISTINCT EXISTS ASC DESC'.split(
    ' ',
  ),
);

/**
 * GoogleSQL as DuckDB understands it: names in double quotes, tables found in the attached file or among the
 * INFORMATION_SCHEMA tables of the fake, types, typed arrays, literals. What is not known is an error.
 */
export function translateSql(sql: string, project: string): string {
  const tokens = tokenizeSql(sql);
  const out: string[] = [];
  /** What closes the brackets that are open. */
  const closing: string[] = [];
  for (let i = 0; i < tokens.length; ) {
    const path = readPath(tokens, i);
    if (path) {
      out.push(pathText(path.parts, project));
      i = path.end;
      continue;
    }
    const array = readArrayType(tokens, i);
    if (array) {
      out.push('CAST([');
      closing.push(`] AS ${array.type}[])`);
      i = array.end;
      continue;
    }
    const token = tokens[i]!;
    if (token.kind === 'symbol' && token.value === '[') closing.push(']');
    if (token.kind === 'symbol' && token.value === ']') out.push(closing.pop() ?? ']');
    else out.push(tokenText(token, tokens[i + 1]));
    i++;
  }
  return out.join(' ');
}

/** Names joined by dots of which at least one stands in backticks. */
function readPath(tokens: readonly Token[], start: number): { parts: string[]; end: number } | undefined {
  const parts: string[] = [];
  let quoted = false;
  let i = start;
  for (;;) {
    const token = tokens[i];
    if (token?.kind !== 'name' && token?.kind !== 'word') break;
    quoted ||= token.kind === 'name';
    parts.push(...(token.kind === 'name' ? token.value.split('.') : [token.value]));
    i++;
    if (tokens[i]?.value !== '.' || tokens[i + 1]?.value === '*') break;
    i++;
  }
  return quoted ? { parts, end: i } : undefined;
}

function pathText(parts: readonly string[], project: string): string {
  if (parts.length <= 2) return parts.map(quote).join('.');
  const [where, dataset, ...rest] = parts;
  if (where !== project) {
    throw new ApiError(403, 'accessDenied', `Access Denied: Project ${where}: User does not have permission`);
  }
  const name = rest.join('.').toUpperCase();
  if (name === '__TABLES__' || name.startsWith('INFORMATION_SCHEMA.')) {
    return quote(metadataTable(dataset!, name));
  }
  if (rest.length !== 1) throw invalidQuery(`Invalid table name ${parts.join('.')}`);
  return [WAREHOUSE, dataset!, rest[0]!].map(quote).join('.');
}

/** The fake's own table that answers a metadata view of a dataset, e.g. INFORMATION_SCHEMA.COLUMNS. */
export function metadataTable(dataset: string, view: string): string {
  return `${view.replace('.', '_').toLowerCase()} ${dataset}`;
}

/** `ARRAY<T>[`. */
function readArrayType(tokens: readonly Token[], i: number): { type: string; end: number } | undefined {
  const values = tokens.slice(i, i + 5).map((token) => token.value);
  if (values[0]?.toUpperCase() !== 'ARRAY' || values[1] !== '<' || values[3] !== '>' || values[4] !== '[') {
    return undefined;
  }
  return { type: typeOf(values[2]!), end: i + 5 };
}

function typeOf(name: string): string {
  const type = TYPES[name.toUpperCase()];
  if (!type) throw invalidQuery(`Type not found: ${name}`);
  return type;
}

function tokenText(token: Token, next: Token | undefined): string {
  if (token.kind === 'text') return `'${token.value.replaceAll("'", "''")}'`;
  if (token.kind !== 'word') return token.value;
  const word = token.value.toUpperCase();
  if (next?.value === '(' && !KEYWORDS.has(word)) {
    const known = FUNCTIONS[word];
    if (known) return known;
    throw invalidQuery(`Function not found: ${token.value}`);
  }
  return TYPES[word] ?? token.value;
}

/** An identifier in DuckDB's quotes. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
