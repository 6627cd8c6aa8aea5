import { invalidQuery } from './api-error.js';
import { bigQueryType } from './bigquery-type.js';
import { type ComplexityLimit, requireSimple } from './complexity.js';
import { statementReads, type TableScan } from './statement-reads.js';
import type { TableBytes } from './table-bytes.js';
import { translateSql } from './translate-sql.js';
import type { WarehouseDatabase } from './warehouse-database.js';

/** Limits on a query. */
export interface QueryLimits {
  /** Characters of SQL text. */
  readonly sqlLength: number;
  readonly resultColumns: number;
  readonly tables: number;
  /** Default: none, since BigQuery's is not known. */
  readonly complexity?: ComplexityLimit;
}

/** BigQuery's (docs: quotas and limits). */
export const LIMITS: QueryLimits = {
  sqlLength: 1024 * 1024,
  resultColumns: 10_000,
  tables: 1000,
};

/** Bytes billed for every table that is referred to, at least. */
const TABLE_BYTES = 10n * 1024n * 1024n;

const MIB = 1024n * 1024n;

export interface FieldSchema {
  name: string;
  type: string;
  mode: 'NULLABLE' | 'REPEATED';
}

export interface Analysis {
  duckDbSql: string;
  fields: FieldSchema[];
  /** Logical bytes of the columns and partitions that are read. */
  processed: bigint;
  /** The same with the minimum of every table, in whole MiB. */
  billed: bigint;
  /** Tables that are read, those below views too and not the views; none of the fake's own. */
  tables: readonly { schema: string; table: string }[];
}

export interface AnalysisFacts {
  project: string;
  keyColumn: string;
  bytes: TableBytes;
  /** Default: BigQuery's. */
  limits?: Partial<QueryLimits>;
  /** True when tables that are partitioned require a filter on the key. */
  requirePartitionFilter?: boolean;
}

/** Checks a statement against the limits and finds what it returns and reads, without running it. */
export async function analyzeStatement(
  database: WarehouseDatabase,
  sql: string,
  facts: AnalysisFacts,
): Promise<Analysis> {
  const limits = { ...LIMITS, ...facts.limits };
  if (sql.length > limits.sqlLength) {
    throw invalidQuery(
      'The query is too large. The maximum standard SQL query length is 1024.00K characters',
    );
  }
  const duckDbSql = translateSql(sql, facts.project);
  const named = statementReads(await serialize(database, duckDbSql), facts.keyColumn, (schema, table) =>
    database.columnsOf(schema, table),
  );
  if (facts.requirePartitionFilter) requireFilters(database, named, facts.keyColumn);
  const scans = await throughViews(database, named, facts.keyColumn, (text) => serialize(database, text));
  const tables = groupByTable(scans);
  if (tables.size > limits.tables) {
    throw invalidQuery(
      `Too many tables: ${tables.size} are referenced, ${limits.tables} are allowed in a query`,
    );
  }
  const columns = [...tables.values()].reduce(
    (sum, ofTable) => sum + new Set(ofTable.flatMap((scan) => [...scan.columns])).size,
    0,
  );
  requireSimple({ tables: tables.size, columns, characters: sql.length }, limits.complexity);
  const fields = await resultFields(database, duckDbSql, limits);
  let processed = 0n;
  let billed = 0n;
  for (const ofTable of tables.values()) {
    const bytes = await bytesOf(facts.bytes, ofTable);
    processed += bytes;
    billed += bytes > TABLE_BYTES ? ((bytes + MIB - 1n) / MIB) * MIB : TABLE_BYTES;
  }
  const read = [...tables.values()].map(([{ schema, table }]) => ({ schema, table }));
  return { duckDbSql, fields, processed, billed, tables: read.filter(({ schema }) => schema !== '') };
}

async function serialize(database: WarehouseDatabase, sql: string): Promise<string> {
  const [row] = await database.rows(`SELECT json_serialize_sql('${sql.replaceAll("'", "''")}'::VARCHAR)`);
  const tree = String(row![0]);
  const { error, error_message } = JSON.parse(tree) as { error: boolean; error_message?: string };
  if (error) throw invalidQuery(`Syntax error: ${error_message}`);
  return tree;
}

function requireFilters(database: WarehouseDatabase, scans: readonly TableScan[], keyColumn: string): void {
  for (const { schema, table, days } of scans) {
    if (database.viewSql(schema, table) !== undefined) continue;
    const isPartitioned =
      schema !== '' && database.columnsOf(schema, table)!.get(keyColumn)?.startsWith('TIMESTAMP') === true;
    if (!isPartitioned || days.length > 0) continue;
    throw invalidQuery(
      `Cannot query over table '${schema}.${table}' without a filter over column(s) '${keyColumn}' that can be used for partition elimination`,
    );
  }
}

function groupByTable(scans: readonly TableScan[]): Map<string, [TableScan, ...TableScan[]]> {
  const groups = new Map<string, [TableScan, ...TableScan[]]>();
  for (const scan of scans) {
    const id = `${scan.schema}.${scan.table}`;
    const known = groups.get(id);
    if (known) known.push(scan);
    else groups.set(id, [scan]);
  }
  return groups;
}

async function resultFields(
  database: WarehouseDatabase,
  sql: string,
  limits: QueryLimits,
): Promise<FieldSchema[]> {
  let described: unknown[][];
  try {
    described = await database.rows(`DESCRIBE ${sql}`);
  } catch (thrown) {
    throw invalidQuery((thrown as Error).message.split('\n')[0]!);
  }
  if (described.length > limits.resultColumns) {
    throw invalidQuery(`Too many columns: ${described.length}. Maximum allowed is ${limits.resultColumns}`);
  }
  return described.map(([name, type]) => {
    const list = /^(.*)\[\]$/.exec(String(type));
    return {
      name: String(name),
      type: bigQueryType(list ? list[1]! : String(type)),
      mode: list ? 'REPEATED' : 'NULLABLE',
    };
  });
}

/** A table that is scanned more than once counts once, with all that is read of it. */
async function bytesOf(bytes: TableBytes, scans: readonly TableScan[]): Promise<bigint> {
  const { schema, table } = scans[0]!;
  const columns = [...new Set(scans.flatMap((scan) => [...scan.columns]))];
  if (schema === '' || columns.length === 0) return 0n;
  if (scans.some((scan) => scan.days.length === 0)) return bytes.of({ schema, table }, columns);
  const isRead = (day: string): boolean => scans.some((scan) => scan.days.every((holds) => holds(day)));
  return bytes.of({ schema, table }, columns, isRead);
}

/**
 * Scans with those of the tables below views in the views' place, over their whole length: what a filter on a view
 * leaves unread is not found out.
 *
 * @param serialize the tree of a statement, see {@link statementReads}
 */
async function throughViews(
  database: WarehouseDatabase,
  scans: readonly TableScan[],
  keyColumn: string,
  serialize: (sql: string) => Promise<string>,
): Promise<TableScan[]> {
  const found: TableScan[] = [];
  for (const scan of scans) {
    const sql = database.viewSql(scan.schema, scan.table);
    if (sql === undefined) {
      found.push(scan);
      continue;
    }
    const below = statementReads(await serialize(sql), keyColumn, (schema, table) =>
      database.columnsOf(schema, table),
    );
    found.push(...(await throughViews(database, below, keyColumn, serialize)));
  }
  return found;
}
