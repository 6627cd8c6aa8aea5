import type { DuckDBConnection } from '@duckdb/node-api';
import type { TableName } from '../../catalogue/catalogue.js';
import type { NamedTable } from './read-catalogue.js';

/** Functions that make rows out of their arguments alone. */
const PURE_TABLE_FUNCTIONS = new Set(['range', 'generate_series', 'unnest']);

/**
 * The tables and views that a view's query names; undefined when its rows may depend on anything else: a
 * macro, the time of day, chance, another view than the catalogue has.
 *
 * @param tables of the whole catalogue
 * @param unstable names of functions that do not always give the same, see {@link readUnstableFunctions}
 */
export async function viewSources(
  connection: DuckDBConnection,
  view: NamedTable,
  { tables, unstable }: { tables: readonly NamedTable[]; unstable: ReadonlySet<string> },
): Promise<NamedTable[] | undefined> {
  const parsed = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)::VARCHAR', [
    viewQuery(view.definition),
  ]);
  const tree = JSON.parse(String(parsed.getRows()[0]![0])) as { error?: boolean };
  if (tree.error) return undefined;
  const named = { tables: [] as TableName[], functions: new Set<string>(), withNames: new Set<string>() };
  collect(tree, named);
  for (const name of named.functions) if (unstable.has(name)) return undefined;
  const sources: NamedTable[] = [];
  for (const { schema, name } of named.tables) {
    const isOwn = (table: NamedTable): boolean =>
      same(table.name, name) && same(table.schema, schema === '' ? 'main' : schema);
    const source = tables.find(isOwn);
    if (source) sources.push(source);
    else if (schema !== '' || !named.withNames.has(name.toLowerCase())) return undefined;
  }
  return sources;
}

/** Names, in lower case, of functions and macros whose result their arguments alone do not determine. */
export async function readUnstableFunctions(connection: DuckDBConnection): Promise<Set<string>> {
  const result = await connection.runAndReadAll(
    `SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE NOT internal
     OR stability <> 'CONSISTENT' OR function_type IN ('table', 'table_macro', 'pragma')`,
  );
  const names = new Set(result.getRows().map(([name]) => String(name)));
  for (const name of PURE_TABLE_FUNCTIONS) names.delete(name);
  return names;
}

/** What follows AS in `CREATE VIEW "name" (columns) AS query;`: the first one outside quotes and parentheses. */
function viewQuery(definition: string): string {
  const start = /^(?:"(?:[^"]|"")*"|\((?:"(?:[^"]|"")*"|[^")])*\)|(?!\sAS\s)[^"(])*\sAS\s/i.exec(definition);
  return definition.slice(start?.[0].length ?? 0).replace(/;\s*$/, '');
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function collect(
  node: unknown,
  found: { tables: TableName[]; functions: Set<string>; withNames: Set<string> },
): void {
  if (Array.isArray(node)) {
    for (const each of node) collect(each, found);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const { type, schema_name, table_name, function_name, cte_map } = node as Record<string, unknown>;
  if (type === 'BASE_TABLE') found.tables.push({ schema: String(schema_name), name: String(table_name) });
  if (typeof function_name === 'string') found.functions.add(function_name.toLowerCase());
  const withs = (cte_map as { map?: { key?: unknown }[] } | undefined)?.map ?? [];
  for (const { key } of withs) found.withNames.add(String(key).toLowerCase());
  for (const each of Object.values(node)) collect(each, found);
}
