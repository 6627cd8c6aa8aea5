import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNx } from './run-command.mjs';
import { listProjects, ROOT } from './workspace.mjs';

const STAMPS = join(ROOT, '.nx');
const SHARED_INPUTS = ['package-lock.json', 'tsconfig.base.json', 'nx.json'];
const NOT_INPUTS = new Set(['node_modules', 'dist', 'test-results', 'tsconfig.tsbuildinfo']);
/** What Nx is asked to build: the command with all that it runs, or every project. */
const NX_TARGETS = { command: ['run', 'cli:build'], all: ['run-many', '-t', 'build'] };

/**
 * Builds what is not up to date, `parallel` projects at a time: `scope` "command" for what users run, "all"
 * with the tests beyond it. Asks Nx only when a source file changed since the last build that succeeded,
 * because starting Nx alone costs seconds.
 */
export async function ensureBuilt({ scope, parallel = 2 }) {
  const projects = listProjects().filter((project) => isInScope(project, scope));
  const stamp = join(STAMPS, `onescan-built-${scope}`);
  const fingerprint = fingerprintOf(projects);
  const present = projects.every((project) => existsSync(join(ROOT, project.folder, 'dist')));
  if (present && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return;
  console.error(`Building (nx ${NX_TARGETS[scope].join(' ')}) ...`);
  const code = await runNx([...NX_TARGETS[scope], `--parallel=${parallel}`, '--output-style=static']);
  if (code !== 0)
    throw new Error(`the build failed with exit code ${code}; the compiler's message is above.`);
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, fingerprint);
}

function isInScope(project, scope) {
  if (project.targets.build === undefined) return false;
  return scope === 'all' || /^(libs|services)\//.test(project.folder);
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
