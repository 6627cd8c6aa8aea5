import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '@onescan/process/process-alive.js';

/** Names the machine, since a process id means nothing to another one that shares the folder. */
const PREFIX = `onescan-trainer-${hostname().replaceAll(/[^\w.]/g, '_')}-`;
const NAME = /^(\d+)-[0-9a-f]{12}$/;

/** Folder for the copies of datasets that this process downloads; made when one is. */
export function newDownloadFolder(): string {
  return join(tmpdir(), `${PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`);
}

/** Removes what trainers of this machine have left that were killed; returns the folders. */
export function removeStaleDownloads(): string[] {
  const stale = namesIn(tmpdir()).filter((name) => {
    const pid = name.startsWith(PREFIX) ? NAME.exec(name.slice(PREFIX.length))?.[1] : undefined;
    return pid !== undefined && !isProcessAlive(Number(pid));
  });
  const folders = stale.map((name) => join(tmpdir(), name));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  return folders;
}

/** A folder that cannot be read has nothing that could be removed; whoever downloads into it is told. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
