import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const DOWNLOAD_MS = 10 * 60_000;

/**
 * A Node of a major version: this one where it fits, else the one that the registry has.
 *
 * @param {number} major e.g. 22
 * @returns {{path: string, version: string} | {reason: string}} the program, or why there is none
 */
export function nodeOf(major) {
  if (process.versions.node.startsWith(`${major}.`))
    return { path: process.execPath, version: process.version };
  const print = 'process.stdout.write(JSON.stringify({ path: process.execPath, version: process.version }))';
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['exec', '--yes', `--package=node@${major}`, '--', 'node', '-e', print],
    { encoding: 'utf8', timeout: DOWNLOAD_MS },
  );
  const found = status === 0 ? JSON.parse(stdout) : undefined;
  if (found && existsSync(found.path) && found.version.startsWith(`v${major}.`)) return found;
  return { reason: found ? `npm gave ${found.version}` : `npm has none here: ${lastLine(stderr)}` };
}

function lastLine(text) {
  return (text ?? '').trim().split('\n').at(-1);
}
