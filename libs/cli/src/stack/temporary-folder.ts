import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';

/**
 * Makes sure that temporary files can be written; the folder.
 *
 * @throws OnescanError FAILED_PRECONDITION saying what is wrong with it and which variable names it
 */
export function requireTemporaryFolder(): string {
  const folder = tmpdir();
  try {
    // Tried, not asked: permissions do not tell of a file system that is read-only or full.
    rmdirSync(mkdtempSync(join(folder, 'onescan-')));
    return folder;
  } catch (thrown) {
    const { code = '' } = thrown as NodeJS.ErrnoException;
    throw new OnescanError(
      'FAILED_PRECONDITION',
      `temporary files cannot be written in ${folder}: ${reason(code)}`,
      {
        remedy: `Make the folder usable, or set ${variable()} to another one`,
        details: { folder },
        cause: thrown,
      },
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'that is no folder',
  EACCES: 'that is not allowed',
  EROFS: 'that file system is read-only',
  ENOSPC: 'that disk is full',
};

function reason(code: string): string {
  return REASONS[code] ?? code;
}

/** The variable by which os.tmpdir() was led there. */
function variable(): string {
  return ['TMPDIR', 'TMP', 'TEMP'].find((name) => process.env[name]) ?? 'TMPDIR';
}
