import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { literal, quoted } from '@onescan/dataset/dataset-layout.js';

const BACKUP_FOLDER = 'backups';
const BACKUP_NAME = /^coordinator-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.duckdb$/;
const ATTACHED = 'state_backup';

/** A whole copy of the state file. */
export interface StateBackup {
  readonly path: string;
  /** RFC 3339, to the second. */
  readonly time: string;
  readonly bytes: number;
}

/** Folder of the backups of a state folder. */
export function backupFolder(stateDir: string): string {
  return join(stateDir, BACKUP_FOLDER);
}

/** All backups of a state folder, the latest first. */
export function listBackups(stateDir: string): StateBackup[] {
  const folder = backupFolder(stateDir);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => BACKUP_NAME.test(name));
  return names
    .sort()
    .reverse()
    .map((name) => {
      const path = join(folder, name);
      return { path, time: name.replace(BACKUP_NAME, '$1-$2-$3T$4:$5:$6Z'), bytes: statSync(path).size };
    });
}

export function latestBackup(stateDir: string): StateBackup | undefined {
  return listBackups(stateDir)[0];
}

/**
 * Copies all tables, as they are at one moment, to a new file and compares the content of each before the file gets
 * its name; the oldest backups beyond `keep` are removed then. Whatever else uses the state file goes on meanwhile.
 *
 * @param connection of its own, to the state file
 * @throws OnescanError RESOURCE_EXHAUSTED without room for a copy, DATA_LOSS when the copy differs
 */
export async function backUpState(
  connection: DuckDBConnection,
  { stateDir, statePath, nowMs, keep }: { stateDir: string; statePath: string; nowMs: number; keep: number },
): Promise<StateBackup> {
  const folder = backupFolder(stateDir);
  mkdirSync(folder, { recursive: true });
  removePartial(folder);
  await requireRoom(folder, statePath);
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const path = join(folder, `coordinator-${stamp}.duckdb`);
  const partial = `${path}.partial`;
  try {
    await copyTables(connection, partial);
    syncFile(partial);
    renameSync(partial, path);
    syncFile(folder);
  } finally {
    removePartial(folder);
  }
  for (const old of listBackups(stateDir).slice(Math.max(1, keep))) rmSync(old.path, { force: true });
  return listBackups(stateDir).find((backup) => backup.path === path)!;
}

async function copyTables(connection: DuckDBConnection, target: string): Promise<void> {
  const [[source]] = (await connection.runAndReadAll('SELECT current_database()')).getRows() as [[string]];
  const from = quoted(source);
  await connection.run(`ATTACH ${literal(target)} AS ${ATTACHED}`);
  try {
    await connection.run('BEGIN TRANSACTION');
    try {
      await connection.run(`COPY FROM DATABASE ${from} TO ${ATTACHED}`);
      for (const table of await tableNames(connection, source)) {
        const [before, after] = [
          await contentOf(connection, `${from}.${table}`),
          await contentOf(connection, `${ATTACHED}.${table}`),
        ];
        if (before !== after)
          throw new OnescanError('DATA_LOSS', `the backup of table ${table} differs: ${before}, ${after}`);
      }
      await connection.run('COMMIT');
    } catch (thrown) {
      await connection.run('ROLLBACK').catch(() => undefined);
      throw thrown;
    }
    await connection.run(`CHECKPOINT ${ATTACHED}`);
  } finally {
    await connection.run(`DETACH ${ATTACHED}`);
  }
}

async function tableNames(connection: DuckDBConnection, database: string): Promise<string[]> {
  const rows = await connection.runAndReadAll(
    'SELECT table_name FROM duckdb_tables() WHERE database_name = $1 AND NOT internal ORDER BY table_name',
    [database],
  );
  return rows.getRows().map(([name]) => quoted(String(name)));
}

/** Number of rows and a hash over all values, whatever their order. */
async function contentOf(connection: DuckDBConnection, table: string): Promise<string> {
  const read = await connection.runAndReadAll(`SELECT count(*), bit_xor(hash(t)) FROM ${table} AS t`);
  return read.getRows()[0]!.join(' ');
}

async function requireRoom(folder: string, statePath: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const bytes =
    statSync(statePath).size + (existsSync(`${statePath}.wal`) ? statSync(`${statePath}.wal`).size : 0);
  // As much again stays free for the state file itself.
  if (bavail * bsize >= 2 * bytes) return;
  const figures = `${formatBytes(bavail * bsize)} free, ${formatBytes(2 * bytes)} wanted`;
  throw new OnescanError('RESOURCE_EXHAUSTED', `no room to back up ${statePath}: ${figures}`, {
    remedy: `Free space on the disk of ${folder}`,
  });
}

function removePartial(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/\.partial(\.wal)?$/.test(name)) rmSync(join(folder, name), { force: true });
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}
