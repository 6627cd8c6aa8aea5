import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runPackage } from './run-command.mjs';
import { ROOT } from './workspace.mjs';

const COMMITTED = 'libs/contract/src/generated';

/** Generates the code of proto/ anew in a temporary folder; true when the committed code is the same. */
export async function checkGenerated() {
  const scratch = mkdtempSync(join(tmpdir(), 'onescan-generated-'));
  try {
    const code = await runPackage('@bufbuild/buf/bin/buf', ['generate', '--output', scratch]);
    if (code !== 0) return false;
    const fresh = readTree(join(scratch, COMMITTED));
    const committed = readTree(join(ROOT, COMMITTED));
    const paths = [...new Set([...fresh.keys(), ...committed.keys()])].sort();
    const stale = paths.filter((path) => fresh.get(path) !== committed.get(path));
    for (const path of stale) {
      console.error(
        `${COMMITTED}/${path} is not what proto/ generates; run "npm run generate" and commit it.`,
      );
    }
    return stale.length === 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Text of every file below a folder, by path relative to it. */
function readTree(folder) {
  return new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8')]),
  );
}
