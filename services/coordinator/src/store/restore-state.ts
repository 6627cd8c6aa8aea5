import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { quoted } from '@onescan/dataset/dataset-layout.js';
import { openStateFile, requireUnused, STATE_FILE } from './open-state-file.js';
import { latestBackup } from './state-backup.js';

export interface RestoreOptions {
  readonly stateDir: string;
  /** File to bring back. Default: the latest backup of the folder. */
  readonly backup?: string;
  /** Keep the state file and give up its write-ahead log: what came after the last checkpoint is lost. */
  readonly withoutLog?: boolean;
  readonly nowMs: number;
}

export interface Restored {
  /** What is the state file now. */
  readonly from: string;
  /** Folder with the files that were there before; empty when there were none. */
  readonly putAside: string;
  readonly runs: number;
}

/**
 * Brings a state folder back that no coordinator uses: the files that are there are put aside, never removed, and the
 * backup (or the file without its log) takes their place once it has been read in full.
 *
 * @throws OnescanError NOT_FOUND without a backup, FAILED_PRECONDITION when a coordinator uses the folder,
 *   DATA_LOSS when what is to be brought back is damaged too; the folder is then as it was
 */
export async function restoreState(options: RestoreOptions): Promise<Restored> {
  const { stateDir, withoutLog = false, nowMs } = options;
  const current = join(stateDir, STATE_FILE);
  const source = withoutLog ? current : (options.backup ?? latestBackup(stateDir)?.path);
  if (source === undefined || !existsSync(source)) {
    throw new OnescanError(
      'NOT_FOUND',
      source ? `there is no ${source}` : `there is no backup in ${stateDir}`,
      {
        remedy: 'Give the path of a backup, or start anew with another --state folder',
      },
    );
  }
  await requireFree(stateDir);
  const trial = join(stateDir, `restore-${process.pid}`);
  try {
    const runs = await tryOut(source, trial);
    const putAside = putFilesAside(stateDir, nowMs);
    renameSync(join(trial, STATE_FILE), current);
    return { from: source, putAside, runs };
  } finally {
    rmSync(trial, { recursive: true, force: true });
  }
}

/** A coordinator that runs has the file locked; one that is damaged, or that a newer version wrote, is put aside all the same. */
async function requireFree(stateDir: string): Promise<void> {
  if (!existsSync(join(stateDir, STATE_FILE))) return;
  try {
    await requireUnused(stateDir);
  } catch (thrown) {
    if (thrown instanceof OnescanError && thrown.code === 'FAILED_PRECONDITION') throw thrown;
  }
}

/** Copies a file into a folder, opens it there and reads every table. */
async function tryOut(source: string, folder: string): Promise<number> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(source, join(folder, STATE_FILE));
  const file = await openStateFile(folder);
  try {
    const tables = await file.reader.runAndReadAll(
      'SELECT table_name FROM duckdb_tables() WHERE NOT internal',
    );
    for (const [name] of tables.getRows()) {
      await file.reader.run(`SELECT bit_xor(hash(t)) FROM ${quoted(String(name))} AS t`);
    }
    const counted = await file.reader.runAndReadAll('SELECT count(*) FROM runs');
    await file.writer.run('CHECKPOINT');
    return Number(counted.getRows()[0]![0]);
  } finally {
    file.close();
  }
}

function putFilesAside(stateDir: string, nowMs: number): string {
  const files = [STATE_FILE, `${STATE_FILE}.wal`].filter((name) => existsSync(join(stateDir, name)));
  if (files.length === 0) return '';
  const folder = join(stateDir, `replaced-${new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')}`);
  mkdirSync(folder, { recursive: true });
  for (const name of files) renameSync(join(stateDir, name), join(folder, basename(name)));
  return folder;
}
