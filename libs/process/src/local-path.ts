import { mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';

/** A folder as a person named it. */
export interface NamedPath {
  /** What the message calls it, such as `--out` or ONESCAN_HOME. */
  readonly name: string;
  /** As it was given, relative to `cwd` or absolute. */
  readonly value: string;
  readonly cwd: string;
}

/** `s3://`, `http://` and the like; a drive such as `C:` has no slashes after it that count here. */
const URL_LIKE = /^(?:[a-z][a-z0-9+.-]+:\/\/|file:)/i;

/**
 * The absolute path of a folder or file on this machine that is only read.
 *
 * @throws OnescanError INVALID_ARGUMENT when it is empty or the address of something elsewhere
 */
export function resolveLocalPath({ name, value, cwd }: NamedPath): string {
  if (value.trim() === '') {
    throw new OnescanError('INVALID_ARGUMENT', `${name} is empty`, {
      remedy: 'Give the path of a folder',
      details: { field: name },
    });
  }
  if (URL_LIKE.test(value)) {
    throw new OnescanError('INVALID_ARGUMENT', `${name} is an address, not a path: ${value}`, {
      remedy: 'Give a folder on this machine, without a scheme in front',
      details: { field: name, value },
    });
  }
  return resolve(cwd, value);
}

/**
 * The absolute path of a folder in which DuckDB is to write databases. Nothing stays behind, so this can be asked
 * before any work: the folder itself, or the nearest folder above it that exists, must be one that can be written to.
 *
 * @throws OnescanError INVALID_ARGUMENT when no database can be written there: a `?` anywhere in the path (DuckDB takes
 *   what follows for the query of an address and puts its log beside it), or a file in the way;
 *   FAILED_PRECONDITION when the folder is not writable
 */
export function resolveDatabaseFolder(named: NamedPath): string {
  const path = resolveLocalPath(named);
  if (path.includes('?')) {
    throw new OnescanError('INVALID_ARGUMENT', `${named.name} has a "?" in its path: ${path}`, {
      remedy: 'DuckDB writes no database below such a folder. Choose a path without "?"',
      details: { field: named.name, path },
    });
  }
  checkWritable(named.name, path, path);
  return path;
}

function checkWritable(name: string, wanted: string, existing: string): void {
  let isFolder: boolean;
  try {
    isFolder = statSync(existing).isDirectory();
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOTDIR' || (code === 'ENOENT' && dirname(existing) !== existing)) {
      checkWritable(name, wanted, dirname(existing));
      return;
    }
    throw unusable(name, wanted, `${existing} cannot be used: ${(thrown as Error).message}`, thrown);
  }
  if (!isFolder) {
    throw new OnescanError('INVALID_ARGUMENT', `${name} cannot be ${wanted}: ${existing} is a file`, {
      remedy: 'Choose another folder',
      details: { field: name, path: wanted },
    });
  }
  try {
    // Tried, not asked: permissions do not tell of a file system that is read-only, full or none of ours.
    rmdirSync(mkdtempSync(join(existing, '.onescan-')));
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw unusable(name, wanted, `${existing} is not writable (${code})`, thrown);
  }
}

function unusable(name: string, wanted: string, reason: string, cause: unknown): OnescanError {
  return new OnescanError('FAILED_PRECONDITION', `${name} cannot be ${wanted}: ${reason}`, {
    remedy: 'Choose another folder, or change its permissions',
    details: { field: name, path: wanted },
    cause,
  });
}
