import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type DuckDb, openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { DATABASE_FILE, FEATURE_SCHEMA, KEY_COLUMN } from '../schema.js';

/** A built warehouse, opened read-only by a test. */
export class OpenWarehouse {
  private constructor(
    private readonly instance: DuckDb,
    readonly connection: DuckDBConnection,
  ) {}

  static async open(directory: string): Promise<OpenWarehouse> {
    const instance = await openDuckDb(join(directory, DATABASE_FILE), {
      access_mode: 'READ_ONLY',
    });
    return new OpenWarehouse(instance, await instance.connect());
  }

  /** All rows of a query. */
  async rows(sql: string): Promise<unknown[][]> {
    return (await this.connection.runAndReadAll(sql)).getRows();
  }

  /** Columns of a table in the order of time; NaN for NULL. */
  async columns(table: string, names: readonly string[], schema = FEATURE_SCHEMA): Promise<Float64Array[]> {
    const select = names.map((name) => `coalesce(${name}::DOUBLE, 'NaN'::DOUBLE)`).join(', ');
    const rows = await this.rows(`SELECT ${select} FROM ${schema}.${table} ORDER BY ${KEY_COLUMN}`);
    return names.map((_, i) => Float64Array.from(rows, (row) => row[i] as number));
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}
