import { invalidQuery } from './api-error.js';
import { WAREHOUSE } from './translate-sql.js';

/** What one scan of a table needs: columns, and the days outside which partitions are left unread. */
export interface TableScan {
  schema: string;
  table: string;
  /** Empty schema: one of the fake's metadata tables. */
  columns: Set<string>;
  /** Conditions on the day of the key as DuckDB SQL over "d"; empty when everything is read. */
  days: string[];
}

/** Columns of a table with their DuckDB types; undefined when there is no such table. */
export type ColumnsOf = (schema: string, table: string) => ReadonlyMap<string, string> | undefined;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Tree = { [key: string]: Json };

interface Source {
  alias: string;
  scan: TableScan;
  types: ReadonlyMap<string, string>;
}

const NODE_TYPES = new Set(['SELECT_NODE', 'SET_OPERATION_NODE']);
const BOUNDS: Readonly<Record<string, string>> = {
  COMPARE_GREATERTHANOREQUALTO: '>=',
  COMPARE_GREATERTHAN: '>=',
  COMPARE_LESSTHAN: '<=',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_EQUAL: '=',
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
  const schema = from.catalog_name === WAREHOUSE ? String(from.schema_name) : '';
  const types = columnsOf(schema, table);
  // Without a schema it may be the name of a WITH clause.
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
function prunedDays(where: Json, keyColumn: string): string[] {
  if (where === null || typeof where !== 'object' || Array.isArray(where)) return [];
  if (where.type === 'CONJUNCTION_AND') {
    return (where.children as Json[]).flatMap((child) => prunedDays(child, keyColumn));
  }
  const bound = BOUNDS[String(where.type)];
  if (bound && isKey(where.left ?? null, keyColumn)) {
    const constant = constantText(where.right ?? null);
    return constant === undefined ? [] : [`d ${bound} CAST(TIMESTAMP '${constant}' AS DATE)`];
  }
  if (where.type !== 'COMPARE_IN') return [];
  const [tested, ...values] = where.children as Tree[];
  const isDay =
    tested?.function_name === 'bigquery_date' && isKey((tested.children as Json[])[0]!, keyColumn);
  const days = values.map(constantText);
  if (!isDay || days.includes(undefined)) return [];
  return [`d IN (${days.map((day) => `DATE '${day}'`).join(', ')})`];
}

function isKey(expression: Json, keyColumn: string): boolean {
  const tree = expression as Tree;
  return tree.class === 'COLUMN_REF' && (tree.column_names as string[]).at(-1) === keyColumn;
}

/** The text of a constant, cast or not. */
function constantText(expression: Json): string | undefined {
  const tree = expression as Tree;
  if (tree.class === 'CAST') return constantText(tree.child ?? null);
  if (tree.class !== 'CONSTANT') return undefined;
  const { value } = tree.value as Tree;
  return typeof value === 'string' ? value.replaceAll("'", '') : undefined;
}
