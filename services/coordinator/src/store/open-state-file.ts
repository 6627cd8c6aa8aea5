import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { SCHEMA, SCHEMA_VERSION } from './schema.js';

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
 * Opens `stateDir/coordinator.duckdb`, creating folder, file and tables where they are missing. DuckDB's
 * file lock keeps a second coordinator out and goes with the process, however that ends.
 *
 * @throws OnescanError FAILED_PRECONDITION when another coordinator holds the folder or the file has
 *   another schema version
 */
export async function openStateFile(stateDir: string): Promise<StateFile> {
  mkdirSync(join(stateDir, 'tmp'), { recursive: true });
  const path = join(stateDir, 'coordinator.duckdb');
  const instance = await open(path, stateDir);
  const writer = await instance.connect();
  for (const statement of SCHEMA) await writer.run(statement);
  await requireSchemaVersion(writer, path);
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

async function open(path: string, stateDir: string): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(path, {
      threads: '2',
      memory_limit: MEMORY_LIMIT,
      temp_directory: join(stateDir, 'tmp'),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    if (!/lock/i.test(message)) throw thrown;
    const holder = /PID (\d+)/.exec(message)?.[1];
    const who = holder ? `process ${holder}` : 'another process';
    throw new OnescanError('FAILED_PRECONDITION', `state folder ${stateDir} is in use by ${who}`, {
      remedy: 'Stop the other coordinator, or give this one another --state folder',
      cause: thrown,
    });
  }
}

async function requireSchemaVersion(writer: DuckDBConnection, path: string): Promise<void> {
  await writer.run("INSERT OR IGNORE INTO meta VALUES ('schema_version', $1)", [String(SCHEMA_VERSION)]);
  const rows = await writer.runAndReadAll("SELECT value FROM meta WHERE key = 'schema_version'");
  const found = String(rows.getRows()[0]?.[0]);
  if (found === String(SCHEMA_VERSION)) return;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `${path} has schema version ${found}, not ${SCHEMA_VERSION}`,
    {
      remedy: 'Use the coordinator version that wrote it, or a new --state folder',
    },
  );
}
