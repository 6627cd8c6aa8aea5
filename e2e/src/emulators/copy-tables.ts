import { join } from 'node:path';
import { DuckDBTimestampValue, type DuckDBValue } from '@duckdb/node-api';
import type { BigQuery } from '@google-cloud/bigquery';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { bigQueryType } from '../fake-bigquery/bigquery-type.js';

const ROWS_A_REQUEST = 400;

/** Copies all tables of an embedded warehouse to an emulator, datasets named as its schemas. */
export async function copyTables(folder: string, client: BigQuery, location: string): Promise<void> {
  const instance = await openDuckDb(join(folder, 'warehouse.duckdb'), {
    access_mode: 'READ_ONLY',
  });
  const connection = await instance.connect();
  const read = async (sql: string): Promise<DuckDBValue[][]> =>
    (await connection.runAndReadAll(sql)).getRows();
  const columns = await read(
    'SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal ORDER BY schema_name, table_name, column_index',
  );
  const tables = new Map<string, { name: string; type: string }[]>();
  for (const [schema, table, name, type] of columns as string[][]) {
    const id = `${schema}.${table}`;
    tables.set(id, [
      ...(tables.get(id) ?? []),
      { name: name!, type: bigQueryType(type!).replace(/\(.*/, '') },
    ]);
  }
  for (const schema of new Set(columns.map(([name]) => String(name)))) {
    await client.createDataset(schema, { location });
  }
  for (const [id, fields] of tables) {
    const [schema, name] = id.split('.') as [string, string];
    const hasKey = fields.some((field) => field.name === 'interval_time');
    const [table] = await client.dataset(schema).createTable(name, {
      schema: fields,
      ...(hasKey ? { timePartitioning: { type: 'DAY', field: 'interval_time' } } : {}),
    });
    const rows = (await read(`SELECT * FROM "${schema}"."${name}"`)).map((values) =>
      Object.fromEntries(values.map((value, i) => [fields[i]!.name, jsonValue(value)])),
    );
    for (let start = 0; start < rows.length; start += ROWS_A_REQUEST) {
      await table.insert(rows.slice(start, start + ROWS_A_REQUEST));
    }
  }
  connection.closeSync();
  instance.closeSync();
}

function jsonValue(value: DuckDBValue): unknown {
  if (value instanceof DuckDBTimestampValue) return new Date(Number(value.micros / 1000n)).toISOString();
  if (typeof value === 'number' && !Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  return String(value);
}
