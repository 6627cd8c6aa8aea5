import { closeSync, copyFileSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type DuckDb, openConfinedDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { MIGRATIONS, SCHEMA, SCHEMA_VERSION } from './schema.js';
import { stateProblem } from './state-damage.js';

/** Name of the file in its folder. */
export const STATE_FILE = 'coordinator.duckdb';

/** Memory for DuckDB's buffers: the largest query is one run's ledger, streamed. */
const MEMORY_LIMIT = '512MB';

/** The open state file: one writer, and a reader that sees what was committed. */
export interface StateFile {
  readonly path: string;
  readonly writer: DuckDBConnection;
  readonly reader: DuckDBConnection;
  /** A connection for one streamed query; the caller closes it. */
  connect(): Promise<DuckDBConnection>;
  close(): void;
}

/**
 * Opens `stateDir/coordinator.duckdb`, creating folder, file and tables where they are missing and bringing
 * the tables of an older version up to date. DuckDB's file lock keeps a second coordinator out and goes with
 * the process, however that ends.
 *
 * @throws OnescanError FAILED_PRECONDITION when another coordinator holds the folder, or a newer version of it
 *   has written the file; DATA_LOSS with the way back when the file or its log is damaged
 */
export async function openStateFile(stateDir: string): Promise<StateFile> {
  mkdirSync(join(stateDir, 'tmp'), { recursive: true });
  const path = join(stateDir, STATE_FILE);
  const instance = await open(path, stateDir);
  const writer = await instance.connect();
  try {
    await bringUpToDate(writer, path);
  } catch (thrown) {
    writer.closeSync();
    instance.closeSync();
    throw stateProblem(thrown, stateDir, path);
  }
  const reader = await instance.connect();
  return {
    path,
    writer,
    reader,
    connect: () => instance.connect(),
    close: () => {
      reader.closeSync();
      writer.closeSync();
      instance.closeSync();
    },
  };
}

/**
 * Opens the state file and closes it, whatever version it has.
 *
 * @throws OnescanError FAILED_PRECONDITION when a coordinator holds the folder; DATA_LOSS when the file or its log is damaged
 */
export async function requireUnused(stateDir: string): Promise<void> {
  (await open(join(stateDir, STATE_FILE), stateDir)).closeSync();
}

async function open(path: string, stateDir: string): Promise<DuckDb> {
  try {
    const settings = { threads: '2', memory_limit: MEMORY_LIMIT, temp_directory: join(stateDir, 'tmp') };
    // Backups and exported ledgers are below the state folder; a file that is brought back may be anybody's.
    return await openConfinedDuckDb(path, settings, [resolve(stateDir)]);
  } catch (thrown) {
    throw stateProblem(thrown, stateDir, path);
  }
}

async function bringUpToDate(writer: DuckDBConnection, path: string): Promise<void> {
  await writer.run('CREATE TABLE IF NOT EXISTS meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)');
  const rows = await writer.runAndReadAll("SELECT value FROM meta WHERE key = 'schema_version'");
  const found = rows.getRows()[0]?.[0];
  const version = found === undefined ? 0 : Number(found);
  if (version === SCHEMA_VERSION) return;
  if (!Number.isInteger(version) || version > SCHEMA_VERSION) throw otherVersion(path, String(found));
  if (version === 0) return change(writer, SCHEMA, SCHEMA_VERSION);
  await keepAsItWas(writer, path, version);
  // Each version by itself: DuckDB alters no table that the same transaction has filled.
  for (let next = version + 1; next <= SCHEMA_VERSION; next++) await change(writer, MIGRATIONS[next]!, next);
}

/**
 * Copies the file beside itself before it is changed: the way back to the coordinator that wrote it. A copy that is there
 * already is older: of a start that did not get to the end, or of an upgrade that was undone by copying it back.
 */
async function keepAsItWas(writer: DuckDBConnection, path: string, version: number): Promise<void> {
  const kept = `${path}.schema-${version}`;
  await writer.run('CHECKPOINT');
  const partial = `${kept}.partial`;
  copyFileSync(path, partial);
  const file = openSync(partial, 'r+');
  fsyncSync(file);
  closeSync(file);
  renameSync(partial, kept);
}

/** Runs statements and notes the version that they lead to: all or nothing. */
async function change(
  writer: DuckDBConnection,
  statements: readonly string[],
  version: number,
): Promise<void> {
  await writer.run('BEGIN TRANSACTION');
  try {
    for (const statement of statements) await writer.run(statement);
    await writer.run("INSERT OR REPLACE INTO meta VALUES ('schema_version', $1)", [String(version)]);
    await writer.run('COMMIT');
  } catch (thrown) {
    await writer.run('ROLLBACK').catch(() => undefined);
    throw thrown;
  }
}

function otherVersion(path: string, found: string): OnescanError {
  return new OnescanError(
    'FAILED_PRECONDITION',
    `${path} has schema version ${found}, this coordinator knows versions up to ${SCHEMA_VERSION}`,
    { remedy: 'Use the coordinator version that wrote it, or a new --state folder' },
  );
}
