import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_FILE, fullFiles } from './audit-log.js';

/** What became of an audit log. */
export interface AuditCheck {
  readonly entries: number;
  /** The files and lines whose hash of the line before is another, or that are no entries. */
  readonly broken: readonly string[];
}

/**
 * Follows the chain of hashes through the files of a log. The oldest entry kept is believed: files before it may have
 * been removed for their number.
 */
export function verifyAuditLog(folder: string): AuditCheck {
  const broken: string[] = [];
  let entries = 0;
  let previous: string | undefined;
  for (const name of [...fullFiles(folder), AUDIT_FILE]) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    for (const [i, line] of lines.entries()) {
      entries++;
      const said = previousOf(line);
      if (said === undefined || (previous !== undefined && said !== previous)) {
        broken.push(`${name}:${i + 1}`);
      }
      previous = createHash('sha256').update(`${line}\n`).digest('hex');
    }
  }
  return { entries, broken };
}

function previousOf(line: string): string | undefined {
  try {
    const { previous } = JSON.parse(line) as { previous?: unknown };
    return typeof previous === 'string' ? previous : undefined;
  } catch {
    return undefined;
  }
}
