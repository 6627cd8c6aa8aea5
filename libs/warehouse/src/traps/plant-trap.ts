import { renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { canonicalJson, sha256Hex } from '@onescan/contract/canonical-json.js';
import { DEFAULT_HORIZONS, DEFAULT_TARGET_WINDOW, targetColumn } from '@onescan/contract/horizon.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { targetsTable } from '../families/targets.js';
import { readManifest } from '../manifest.js';
import { DATABASE_FILE, FEATURE_SCHEMA, KEY_COLUMN, MANIFEST_FILE, TARGET_SCHEMA } from '../schema.js';

/** A fatal fault of a real warehouse, to be planted into a built one for a test. */
export type Trap =
  /** Every tenth row of a feature table is there twice. */
  | { readonly kind: 'doubled-key'; readonly table: string }
  /** A feature table without interval_time. */
  | { readonly kind: 'missing-key'; readonly table: string }
  /** Every tenth key of a feature table is NULL. */
  | { readonly kind: 'null-key'; readonly table: string }
  /** A feature table is gone. */
  | { readonly kind: 'missing-table'; readonly table: string }
  /** A feature table without rows. */
  | { readonly kind: 'empty-table'; readonly table: string }
  /** The targets table of a pair is gone. */
  | { readonly kind: 'missing-targets'; readonly pair: string }
  /** The targets table of a pair lacks the column of one horizon. */
  | { readonly kind: 'missing-horizon'; readonly pair: string; readonly horizon: number }
  /** The targets of a pair are not bqx[t+H] but the value ten bars later. */
  | { readonly kind: 'shifted-targets'; readonly pair: string }
  /** The targets table of a pair has every tenth row twice. */
  | { readonly kind: 'doubled-targets'; readonly pair: string };

/** Rows that a trap on the targets moves them by. */
const SHIFT_ROWS = 10;

/**
 * Plants the trap into the warehouse of a directory that nobody has open, and says so in its manifest; the inputs hash
 * becomes that of a warehouse with the trap, so no cache and no later build takes it for the sound one.
 *
 * @throws OnescanError NOT_FOUND when there is no warehouse or no such table
 */
export async function plantTrap(directory: string, trap: Trap): Promise<void> {
  const manifest = readManifest(directory);
  const file = join(directory, DATABASE_FILE);
  const instance = await openDuckDb(file);
  const connection = await instance.connect();
  try {
    const { schema, name } = tableOf(trap);
    await requireTable(connection, schema, name);
    for (const sql of statements(trap, `${schema}.${name}`)) await connection.run(sql);
    await connection.run('CHECKPOINT');
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  const traps = [...(manifest.traps ?? []), trap.kind];
  const trappedInputs = sha256Hex(canonicalJson({ inputs: manifest.inputsSha256, trap }));
  const changed = { ...manifest, inputsSha256: trappedInputs, traps, databaseBytes: statSync(file).size };
  const written = join(directory, `${MANIFEST_FILE}.partial-${process.pid}`);
  writeFileSync(written, `${JSON.stringify(changed, null, 2)}\n`);
  renameSync(written, join(directory, MANIFEST_FILE));
}

function tableOf(trap: Trap): { schema: string; name: string } {
  return 'pair' in trap
    ? { schema: TARGET_SCHEMA, name: targetsTable(trap.pair) }
    : { schema: FEATURE_SCHEMA, name: trap.table };
}

async function requireTable(connection: DuckDBConnection, schema: string, name: string): Promise<void> {
  const reader = await connection.runAndReadAll(
    'SELECT count(*) FROM information_schema.tables WHERE table_schema = $1 AND table_name = $2',
    [schema, name],
  );
  if (reader.getRows()[0]![0] !== 0n) return;
  throw new OnescanError('NOT_FOUND', `the warehouse has no table ${schema}.${name}`, {
    remedy: 'Name one of its tables',
    details: { table: name },
  });
}

function statements(trap: Trap, table: string): string[] {
  switch (trap.kind) {
    case 'doubled-key':
    case 'doubled-targets':
      return [`INSERT INTO ${table} SELECT * FROM ${table} WHERE rowid % 10 = 0`];
    case 'missing-key':
      return [`ALTER TABLE ${table} DROP COLUMN ${KEY_COLUMN}`];
    case 'null-key':
      return [`UPDATE ${table} SET ${KEY_COLUMN} = NULL WHERE rowid % 10 = 0`];
    case 'missing-table':
    case 'missing-targets':
      return [`DROP TABLE ${table}`];
    case 'empty-table':
      return [`DELETE FROM ${table}`];
    case 'missing-horizon':
      return [`ALTER TABLE ${table} DROP COLUMN ${targetColumn(DEFAULT_TARGET_WINDOW, trap.horizon)}`];
    case 'shifted-targets': {
      const shifted = DEFAULT_HORIZONS.map((horizon) => {
        const column = targetColumn(DEFAULT_TARGET_WINDOW, horizon);
        return `lead(${column}, ${SHIFT_ROWS}) OVER (ORDER BY ${KEY_COLUMN}) AS ${column}`;
      });
      return [`CREATE OR REPLACE TABLE ${table} AS SELECT * REPLACE (${shifted.join(', ')}) FROM ${table}`];
    }
  }
}
