import type { DuckDBConnection } from '@duckdb/node-api';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import {
  WIDE_HORIZONS,
  WIDE_PAIRS,
  type WideShape,
  wideCellSql,
  wideTables,
  wideTargetSql,
} from './wide-shape.js';

const KEY = "TIMESTAMP '2020-01-01' + to_minutes(i) AS interval_time";

/** Writes the tables of a shape, a row a minute, into a DuckDB file in which schemas are datasets. */
export async function buildWideWarehouse(
  path: string,
  shape: WideShape,
  schemas: { features: string; targets: string },
): Promise<void> {
  const instance = await openDuckDb(path, { memory_limit: '1GB' });
  const connection = await instance.connect();
  // Looking for the best compression would take longer than all else.
  await connection.run("SET force_compression = 'uncompressed'");
  await connection.run(`CREATE SCHEMA ${schemas.features}; CREATE SCHEMA ${schemas.targets}`);
  const { rows, laterKeys = 0 } = shape;
  for (const { name, first, width } of wideTables(shape)) {
    const columns = Array.from({ length: width }, (_, c) => `${wideCellSql(first + c)} AS c${c}`);
    await createTable(connection, `${schemas.features}.${name}`, columns, [0, rows + laterKeys]);
  }
  for (const [p, pair] of WIDE_PAIRS.entries()) {
    const columns = WIDE_HORIZONS.map((h) => `${wideTargetSql(h)} AS target_bqx45_h${h}`);
    const from = p * laterKeys;
    await createTable(connection, `${schemas.targets}.targets_${pair}`, columns, [from, from + rows]);
  }
  connection.closeSync();
  instance.closeSync();
}

async function createTable(
  connection: DuckDBConnection,
  name: string,
  columns: readonly string[],
  [from, to]: readonly [number, number],
): Promise<void> {
  await connection.run(
    `CREATE TABLE ${name} AS SELECT ${[KEY, ...columns].join(', ')} FROM range(${from}, ${to}) t(i)`,
  );
}
