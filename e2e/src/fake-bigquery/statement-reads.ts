import { invalidQuery } from './api-error.js';
import { WAREHOUSE } from './translate-sql.js';

/** What one scan of a table needs: columns, and the days outside which partitions are left unread. */
export interface TableScan {
  schema: string;
  table: string;
  /** Empty schema: one of the fake's metadata tables. */
  columns: Set<string>;
  /** Tests of a day of the key ("YYYY-MM-DD") that all hold where rows are read; empty when everything is. */
  days: DayTest[];
}

export type DayTest = (day: string) => boolean;

/** Columns of a table with their DuckDB types; undefined when there is no such table. */
export type ColumnsOf = (schema: string, table: string) => ReadonlyMap<string, string> | undefined;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Tree = { [key: string]: Json };

interface Source {
  alias: string;
  scan: TableScan;
  types: ReadonlyMap<string, string>;
}

const DAY_LENGTH = 'YYYY-MM-DD'.length;
const NODE_TYPES = new Set(['SELECT_NODE', 'SET_OPERATION_NODE']);
const isFrom = (day: string, bound: string): boolean => day >= bound;
const isUpTo = (day: string, bound: string): boolean => day <= bound;
/** How the day of a key compares with that of a bound. */
const BOUNDS: Readonly<Record<string, (day: string, bound: string) => boolean>> = {
  COMPARE_GREATERTHANOREQUALTO: isFrom,
  COMPARE_GREATERTHAN: isFrom,
  COMPARE_LESSTHAN: isUpTo,
  COMPARE_LESSTHANOREQUALTO: isUpTo,
  COMPARE_EQUAL: (day, bound) => day === bound,
};

/**
 * Finds every scan of a table in a statement's tree, as DuckDB's json_serialize_sql writes it.
 *
 * @param keyColumn the column by whose day tables are partitioned
 * @throws ApiError invalidQuery for a cast that GoogleSQL lacks
 */
export function statementReads(tree: string, keyColumn: string, columnsOf: ColumnsOf): TableScan[] {
  const scans: TableScan[] = [];
  const root = JSON.parse(tree) as Tree;
  visit(root, undefined);
  return scans;

  function visit(value: Json, sources: Source[] | undefined): void {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, sources);
      return;
    }
    if (value === null || typeof value !== 'object') return;
    if (NODE_TYPES.has(String(value.type))) {
      const own = sourcesOf((value.from_table ?? null) as Json, columnsOf);
      for (const { scan } of own) scan.days = prunedDays(value.where_clause ?? null, keyColumn);
      scans.push(...own.map(({ scan }) => scan));
      for (const part of Object.values(value)) visit(part, own);
      return;
    }
    if (sources) note(value, sources);
    for (const part of Object.values(value)) visit(part, sources);
  }
}

function sourcesOf(from: Json, columnsOf: ColumnsOf): Source[] {
  if (from === null || typeof from !== 'object' || Array.isArray(from)) return [];
  if (from.type === 'JOIN') {
    return [...sourcesOf(from.left ?? null, columnsOf), ...sourcesOf(from.right ?? null, columnsOf)];
  }
  if (from.type !== 'BASE_TABLE') return [];
  const table = String(from.table_name);
  // Texts of views name schemas only; without one it may be the name of a WITH clause.
  const schema = from.catalog_name === WAREHOUSE || from.schema_name ? String(from.schema_name) : '';
  const types = columnsOf(schema, table);
  if (!types) return [];
  const scan: TableScan = { schema, table, columns: new Set(), days: [] };
  return [{ alias: String(from.alias || table), scan, types }];
}

/** Notes the columns that an expression refers to. */
function note(expression: Tree, sources: readonly Source[]): void {
  if (expression.class === 'STAR') {
    for (const { scan, types } of sources) for (const column of types.keys()) scan.columns.add(column);
    return;
  }
  const source = sourceOf(expression, sources);
  if (source) source[0].scan.columns.add(source[1]);
  if (expression.class === 'CAST' && (expression.cast_type as Tree).id === 'DOUBLE') {
    const cast = sourceOf(expression.child as Tree, sources);
    if (cast?.[0].types.get(cast[1]) === 'BOOLEAN') throw invalidQuery('Invalid cast from BOOL to FLOAT64');
  }
}

function sourceOf(expression: Tree, sources: readonly Source[]): [Source, string] | undefined {
  if (expression.class !== 'COLUMN_REF') return undefined;
  const names = expression.column_names as string[];
  const column = names.at(-1)!;
  const alias = names.at(-2);
  const source = sources.find((s) => (alias === undefined ? s.types.has(column) : s.alias === alias));
  return source?.types.has(column) ? [source, column] : undefined;
}

/** Only comparisons of the key with constants let partitions be left unread. */
function prunedDays(where: Json, keyColumn: string): DayTest[] {
  if (where === null || typeof where !== 'object' || Array.isArray(where)) return [];
  if (where.type === 'CONJUNCTION_AND') {
    return (where.children as Json[]).flatMap((child) => prunedDays(child, keyColumn));
  }
  const compare = BOUNDS[String(where.type)];
  if (compare && isKey(where.left ?? null, keyColumn)) {
    const bound = constantDay(where.right ?? null);
    return bound === undefined ? [] : [(day) => compare(day, bound)];
  }
  if (where.type !== 'COMPARE_IN') return [];
  const [tested, ...values] = where.children as Tree[];
  const isDay =
    tested?.function_name === 'bigquery_date' && isKey((tested.children as Json[])[0]!, keyColumn);
  if (!isDay) return [];
  const days = new Set(values.map(constantDay));
  return days.has(undefined) ? [] : [(day) => days.has(day)];
}

function isKey(expression: Json, keyColumn: string): boolean {
  const tree = expression as Tree;
  return (
    tree.class === 'COLUMN_REF' &&
    (tree.column_names as string[]).at(-1)?.toLowerCase() === keyColumn.toLowerCase()
  );
}

/** The UTC day of a constant, cast or not. */
function constantDay(expression: Json): string | undefined {
  const tree = expression as Tree;
  if (tree.class === 'CAST') return constantDay(tree.child ?? null);
  if (tree.class !== 'CONSTANT') return undefined;
  const { value } = tree.value as Tree;
  if (typeof value !== 'string') return undefined;
  const hasZone = value.length <= DAY_LENGTH || /(Z|[+-]\d\d(:?\d\d)?)$/i.test(value);
  const ms = Date.parse(hasZone ? value : `${value}Z`);
  if (Number.isNaN(ms)) throw invalidQuery(`Invalid TIMESTAMP value: ${value}`);
  return new Date(ms).toISOString().slice(0, DAY_LENGTH);
}
