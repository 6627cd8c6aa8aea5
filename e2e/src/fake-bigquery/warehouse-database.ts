import { BIGINT, type DuckDBConnection, DuckDBScalarFunction, VARCHAR } from '@duckdb/node-api';
import { type DuckDb, openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { farmFingerprint } from '@onescan/fetcher/testing/warehouse/bigquery/sql/farm-fingerprint.js';
import { createMetadataTables } from './metadata-tables.js';
import { quote, WAREHOUSE } from './translate-sql.js';

/** Division that gives NaN and infinities, where DuckDB's gives NULL. */
const IEEE_DIVIDE = `CREATE MACRO bigquery_ieee_divide(a, b) AS CASE WHEN b <> 0 THEN CAST(a AS DOUBLE) / b
  WHEN a > 0 THEN CAST('inf' AS DOUBLE) WHEN a < 0 THEN CAST('-inf' AS DOUBLE) ELSE CAST('nan' AS DOUBLE) END`;

/** Fingerprints that are remembered: the keys of many tables are the same. */
const MAX_FINGERPRINTS = 500_000;

/**
 * A DuckDB, in memory unless results need a file, to which a file of tables is attached, with BigQuery's functions and NULL order.
 * Datasets are the file's schemas.
 */
export class WarehouseDatabase {
  private constructor(
    private readonly instance: DuckDb,
    readonly connection: DuckDBConnection,
    /** Column types by "schema.table"; the fake's metadata tables have the schema "". */
    private types: ReadonlyMap<string, ReadonlyMap<string, string>>,
    /** Query of a view by "schema.view". */
    private readonly views: ReadonlyMap<string, string>,
  ) {}

  static async open(
    path: string,
    facts: {
      project: string;
      keyColumn: string;
      databaseSettings: Readonly<Record<string, string>>;
      /** Default: in memory. */
      resultsPath?: string;
    },
  ): Promise<WarehouseDatabase> {
    const instance = await openDuckDb(facts.resultsPath ?? ':memory:', {
      ...facts.databaseSettings,
      default_null_order: 'nulls_first',
    });
    const connection = await instance.connect();
    connection.registerScalarFunction(fingerprintFunction());
    await connection.run('CREATE MACRO bigquery_date(t) AS CAST(t AS DATE)');
    await connection.run(IEEE_DIVIDE);
    await connection.run('CREATE MACRO bigquery_concat(a, b) AS a || b, (a, b, c) AS a || b || c');
    await connection.run(`ATTACH '${path.replaceAll("'", "''")}' AS ${WAREHOUSE} (READ_ONLY)`);
    const views = await readViews(connection);
    await createMetadataTables(connection, { ...facts, views: new Set(views.keys()) });
    return new WarehouseDatabase(instance, connection, await readTypes(connection), views);
  }

  columnsOf(schema: string, table: string): ReadonlyMap<string, string> | undefined {
    return this.types.get(`${schema}.${table}`);
  }

  /** The query of a view; undefined for a table. */
  viewSql(schema: string, table: string): string | undefined {
    return this.views.get(`${schema}.${table}`);
  }

  /** A connection of its own for a job, so that it can be interrupted. */
  connect(): Promise<DuckDBConnection> {
    return this.instance.connect();
  }

  async rows(sql: string): Promise<unknown[][]> {
    return (await this.connection.runAndReadAll(sql)).getRows();
  }

  /** Runs SQL that changes the metadata tables, e.g. to make a table look modified. */
  async change(sql: string): Promise<void> {
    await this.connection.run(sql);
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

async function readViews(connection: DuckDBConnection): Promise<Map<string, string>> {
  const result = await connection.runAndReadAll(
    `SELECT schema_name, view_name, sql FROM duckdb_views() WHERE database_name = '${WAREHOUSE}' AND NOT internal`,
  );
  const views = result.getRows() as string[][];
  return new Map(
    views.map(([schema, view, sql]) => [
      `${schema}.${view}`,
      sql!.replace(/^CREATE VIEW .*? AS /s, '').replace(/;$/, ''),
    ]),
  );
}

/** Types by column name, which has no case. */
class ColumnTypes extends Map<string, string> {
  override get(column: string): string | undefined {
    return super.get(column) ?? [...this].find(([name]) => name.toLowerCase() === column.toLowerCase())?.[1];
  }

  override has(column: string): boolean {
    return this.get(column) !== undefined;
  }
}

async function readTypes(connection: DuckDBConnection): Promise<Map<string, Map<string, string>>> {
  const result = await connection.runAndReadAll(
    `SELECT CASE WHEN database_name = '${WAREHOUSE}' THEN schema_name ELSE '' END, table_name, column_name, data_type
     FROM duckdb_columns() WHERE NOT internal ORDER BY ALL`,
  );
  const types = new Map<string, Map<string, string>>();
  for (const [schema, table, column, type] of result.getRows() as string[][]) {
    const id = `${schema}.${table}`;
    types.set(id, (types.get(id) ?? new ColumnTypes()).set(column!, type!));
  }
  return types;
}

function fingerprintFunction(): DuckDBScalarFunction {
  const known = new Map<string, bigint>();
  return DuckDBScalarFunction.create({
    name: 'farm_fingerprint',
    returnType: BIGINT,
    parameterTypes: [VARCHAR],
    mainFunction: (_, input, output) => {
      const texts = input.getColumnVector(0);
      for (let row = 0; row < input.rowCount; row++) {
        const text = texts.getItem(row) as string | null;
        if (text === null) {
          output.setItem(row, null);
          continue;
        }
        let fingerprint = known.get(text);
        if (fingerprint === undefined) {
          fingerprint = farmFingerprint(text);
          if (known.size < MAX_FINGERPRINTS) known.set(text, fingerprint);
        }
        output.setItem(row, fingerprint);
      }
      output.flush();
    },
  });
}

/** A table of the attached file as DuckDB names it. */
export function attachedTable(schema: string, table: string): string {
  return [WAREHOUSE, schema, table].map(quote).join('.');
}
