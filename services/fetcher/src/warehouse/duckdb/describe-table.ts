import type { DuckDBConnection } from '@duckdb/node-api';
import type { CatalogueTable } from '../../catalogue/catalogue.js';
import { findColumn, keyProblem } from '../../catalogue/find-names.js';
import { problemText } from './duckdb-connections.js';
import { duckdbDialect, name, tableName } from './duckdb-dialect.js';

const TABLES_PER_QUERY = 100;

/** A table or view whose columns are known. */
export type DescribedTable = Pick<CatalogueTable, 'schema' | 'name' | 'columns'>;

/** Rows and first and last key, or why they cannot be had. */
export type TableFacts = Pick<CatalogueTable, 'rows' | 'minKey' | 'maxKey' | 'problem'>;

/** Facts of tables, in their order, many with one query; one that cannot be read costs none but itself. */
export async function describeTables(
  connection: DuckDBConnection,
  tables: readonly DescribedTable[],
  keyColumn: string,
): Promise<TableFacts[]> {
  const facts: TableFacts[] = [];
  for (let start = 0; start < tables.length; start += TABLES_PER_QUERY) {
    const some = tables.slice(start, start + TABLES_PER_QUERY);
    const selects = some.map((table, i) => selectFacts(table, i, keyColumn));
    try {
      const rows = (await connection.runAndReadAll(selects.join(' UNION ALL '))).getRows();
      for (const [i, ...row] of rows) facts[start + Number(i)] = toFacts(row);
    } catch {
      for (const [i, table] of some.entries())
        facts[start + i] = await describeTable(connection, table, keyColumn);
    }
  }
  return facts;
}

/** The same of one table. */
async function describeTable(
  connection: DuckDBConnection,
  table: DescribedTable,
  keyColumn: string,
): Promise<TableFacts> {
  try {
    return toFacts((await connection.runAndReadAll(selectFacts(table, 0, keyColumn))).getRows()[0]!.slice(1));
  } catch (thrown) {
    return { rows: -1, problem: readProblem(thrown) };
  }
}

/**
 * Facts of a view, which are known only by computing all of its rows, and the hash of those in any order.
 *
 * @param limitMs above which it is given up
 */
export async function computeView(
  connection: DuckDBConnection,
  view: DescribedTable,
  { keyColumn, limitMs }: { keyColumn: string; limitMs: number },
): Promise<TableFacts & { rowsHash?: string }> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    connection.interrupt();
  }, limitMs);
  const columns = view.columns.map((column) => `v.${name(column.name)}`).join(', ');
  try {
    const result = await connection.runAndReadAll(
      `SELECT ${factsOf('v', view, keyColumn)}, CAST(coalesce(sum(hash(${columns})), 0) AS VARCHAR) FROM ${tableName(view)} v`,
    );
    const row = result.getRows()[0]!;
    return { ...toFacts(row), rowsHash: String(row[4]) };
  } catch (thrown) {
    const why = late ? `takes more than ${limitMs / 1000} s to compute` : readProblem(thrown);
    return { rows: -1, problem: why };
  } finally {
    clearTimeout(timer);
  }
}

/** The instance refuses every file but the warehouse's own. */
const OUTSIDE = /Cannot access (?:file|directory) (".*") - file system operations are disabled/;

function readProblem(thrown: unknown): string {
  const text = problemText(thrown);
  const outside = OUTSIDE.exec(text)?.[1];
  return outside === undefined
    ? `cannot be read: ${text}`
    : `cannot be read: it needs ${outside}, and nothing outside the warehouse's own file is read`;
}

function selectFacts(table: DescribedTable, i: number, keyColumn: string): string {
  return `SELECT ${i}, ${factsOf('t', table, keyColumn)} FROM ${tableName(table)} t`;
}

function factsOf(alias: string, table: DescribedTable, keyColumn: string): string {
  if (keyProblem(table, keyColumn, duckdbDialect) !== undefined)
    return 'count(*), NULL::BIGINT, NULL::BIGINT, NULL::BOOLEAN';
  const key = `${alias}.${name(findColumn(table, keyColumn)!.name)}`;
  const isInfinite = `NOT isfinite(CAST(${key} AS TIMESTAMP))`;
  return `count(*), epoch_us(min(${key})), epoch_us(max(${key})), bool_or(${isInfinite})`;
}

function toFacts([rows, minKey, maxKey, isInfinite]: readonly unknown[]): TableFacts {
  if (isInfinite === true) return { rows: Number(rows), problem: 'holds a key of infinity' };
  return {
    rows: Number(rows),
    ...(minKey === null ? {} : { minKey: Number(minKey) }),
    ...(maxKey === null ? {} : { maxKey: Number(maxKey) }),
  };
}
