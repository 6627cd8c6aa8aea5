import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DOUBLE, type DuckDBConnection, DuckDBDataChunk, TIMESTAMP } from '@duckdb/node-api';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { copyToVector } from '@onescan/dataset/float-vectors.js';
import { DEFAULT_WAREHOUSE_NAMES as NAMES } from '@onescan/fetcher/testing/catalogue/warehouse-names.js';
import { simulatePair } from '@onescan/learn/testing';
import { type LeakVariant, LeakWorld } from '@onescan/learn/testing/leak-world.js';

export interface LeakWarehouse {
  readonly folder: string;
  readonly bars: number;
  readonly honestFeatures: number;
  readonly seed: bigint;
  readonly variants: readonly LeakVariant[];
}

const HORIZONS = [15, 30, 45, 60, 75, 90, 105];
const WINDOW = 45;
const CHUNK_ROWS = 2048;

/** The table of a variant, by its place in the list. */
export function leakTable(place: number): string {
  return `leak${place}_eurusd`;
}

/**
 * Writes an embedded warehouse of one pair that is a random walk, a row a minute: targets, closes, honest feature tables, and a table for
 * each variant of a leak.
 */
export async function buildLeakWarehouse({
  folder,
  bars,
  honestFeatures,
  seed,
  variants,
}: LeakWarehouse): Promise<void> {
  const pair = simulatePair({ seed, rows: bars, spacing: 1, noiseFeatures: honestFeatures });
  const world = new LeakWorld(pair, seed);
  mkdirSync(folder, { recursive: true });
  const instance = await openDuckDb(join(folder, 'warehouse.duckdb'), { memory_limit: '1GB' });
  const connection = await instance.connect();
  await connection.run("SET force_compression = 'uncompressed'");
  await connection.run(`CREATE SCHEMA ${NAMES.featureSchema}; CREATE SCHEMA ${NAMES.targetSchema}`);
  const key = BigInt64Array.from(pair.time, (ms) => BigInt(ms) * 1000n);
  const write = (schema: string, name: string, columns: ReadonlyMap<string, Float64Array>) =>
    writeTable(connection, `${schema}.${name}`, key, columns);
  const targets = HORIZONS.map(
    (horizon) => [`target_bqx${WINDOW}_h${horizon}`, world.change(horizon, horizon - WINDOW)] as const,
  );
  await write(NAMES.targetSchema, 'targets_eurusd', new Map(targets));
  const closes = Float64Array.from(pair.bar, (t) => pair.close[t]!);
  await write(NAMES.featureSchema, 'base_idx_eurusd', new Map([[NAMES.closesColumn, closes]]));
  const tables = new Map<string, Map<string, Float64Array>>();
  for (const { id, values } of pair.features) {
    const [table, column] = id.split('.') as [string, string];
    const columns = tables.get(table) ?? new Map<string, Float64Array>();
    tables.set(table, columns.set(column, Float64Array.from(values)));
  }
  for (const [table, columns] of tables) await write(NAMES.featureSchema, table, columns);
  for (const [place, variant] of variants.entries()) {
    const columns = variant.columns(world).map((values, k) => [`c${k + 1}`, values] as const);
    await write(NAMES.featureSchema, leakTable(place), new Map(columns));
  }
  connection.closeSync();
  instance.closeSync();
}

async function writeTable(
  connection: DuckDBConnection,
  name: string,
  key: BigInt64Array,
  columns: ReadonlyMap<string, Float64Array>,
): Promise<void> {
  const typed = [...columns.keys()].map((column) => `${column} DOUBLE`);
  await connection.run(`CREATE TABLE ${name} (${[`${NAMES.keyColumn} TIMESTAMP`, ...typed].join(', ')})`);
  const [schema, table] = name.split('.') as [string, string];
  const appender = await connection.createAppender(table, schema);
  const chunk = DuckDBDataChunk.create([TIMESTAMP, ...typed.map(() => DOUBLE)]);
  const values = [key, ...columns.values()];
  for (let from = 0; from < key.length; from += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, key.length - from);
    chunk.rowCount = count;
    for (const [k, column] of values.entries()) copyToVector(chunk, k, column, from, count);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
