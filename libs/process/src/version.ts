import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of this package, from dist as well as from src. */
const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const COMMIT = /^[0-9a-f]{40,64}$/;
const COMMIT_SHOWN = 12;

/**
 * Version of this build: that of package.json and, where it is known, the commit, e.g. "0.1.0 (58dc225e1f00)". Packages
 * say in `gitHead` what they were made of; a checkout asks its repository, two folders up.
 */
export function version(folder = PACKAGE): string {
  const { version: number, gitHead } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string;
    gitHead?: string;
  };
  const commit = gitHead ?? commitOf(join(folder, '../..'));
  return commit === undefined ? number : `${number} (${commit.slice(0, COMMIT_SHOWN)})`;
}

/** The commit that is checked out, read without git; undefined where there is no repository or it is another kind. */
function commitOf(root: string): string | undefined {
  try {
    const folder = repositoryOf(root);
    const head = readFileSync(join(folder, 'HEAD'), 'utf8').trim();
    const commit = head.startsWith('ref: ') ? readRef(folder, head.slice('ref: '.length)) : head;
    return commit !== undefined && COMMIT.test(commit) ? commit : undefined;
  } catch {
    return undefined;
  }
}

/** In a worktree `.git` is a file that names the folder. */
function repositoryOf(root: string): string {
  const path = join(root, '.git');
  if (statSync(path).isDirectory()) return path;
  return resolve(root, readFileSync(path, 'utf8').trim().replace('gitdir: ', ''));
}

/** Branches stand in files of their own or in a packed list, those of a worktree in the repository it belongs to. */
function readRef(folder: string, ref: string): string | undefined {
  const common = join(folder, 'commondir');
  const folders = existsSync(common)
    ? [folder, resolve(folder, readFileSync(common, 'utf8').trim())]
    : [folder];
  for (const each of folders) {
    if (existsSync(join(each, ref))) return readFileSync(join(each, ref), 'utf8').trim();
    const packed = join(each, 'packed-refs');
    const lines = existsSync(packed) ? readFileSync(packed, 'utf8').split('\n') : [];
    const line = lines.find((text) => text.endsWith(` ${ref}`));
    if (line) return line.split(' ')[0];
  }
  return undefined;
}

/** Answers --help and --version of a service on stdout and ends the process; does nothing without them. */
export function answerHelpAndVersion(service: string, usage: string, args = process.argv.slice(2)): void {
  const isHelp = args.includes('--help');
  if (!isHelp && !args.includes('--version')) return;
  process.stdout.write(isHelp ? `${usage}\n` : `onescan-${service} ${version()}\n`);
  process.exit(0);
}
