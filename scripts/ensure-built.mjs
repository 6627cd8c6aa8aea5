import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runNx } from './run-command.mjs';
import { listProjects, ROOT } from './workspace.mjs';

const STAMP = join(ROOT, '.nx', 'onescan-build-stamp');
const SHARED_INPUTS = ['package-lock.json', 'tsconfig.base.json', 'nx.json'];
const NOT_INPUTS = new Set(['node_modules', 'dist', 'test-results', 'tsconfig.tsbuildinfo']);

/**
 * Builds all projects that are not up to date, `parallel` at a time. Asks Nx only when a source file
 * changed since the last build that succeeded, because starting Nx alone costs seconds.
 */
export async function ensureBuilt({ parallel = 2 } = {}) {
  const projects = listProjects().filter((project) => project.targets.build !== undefined);
  const fingerprint = fingerprintOf(projects);
  const stamped = existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : '';
  const present = projects.every((project) => existsSync(join(ROOT, project.folder, 'dist')));
  if (present && stamped === fingerprint) return;
  console.error('Building (nx run-many -t build) ...');
  const code = await runNx(['run-many', '-t', 'build', `--parallel=${parallel}`, '--output-style=static']);
  if (code !== 0)
    throw new Error(`the build failed with exit code ${code}; the compiler's message is above.`);
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, fingerprint);
}

/** SHA-256 over path, size and modification time of every file that a build reads. */
function fingerprintOf(projects) {
  const hash = createHash('sha256');
  for (const file of SHARED_INPUTS) addFile(hash, file);
  for (const { folder } of projects) addFolder(hash, folder);
  return hash.digest('hex');
}

function addFolder(hash, folder) {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (NOT_INPUTS.has(entry.name)) continue;
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) addFolder(hash, path);
    else addFile(hash, path);
  }
}

function addFile(hash, path) {
  const { size, mtimeMs } = statSync(join(ROOT, path));
  hash.update(`${path}\0${size}\0${mtimeMs}\n`);
}
