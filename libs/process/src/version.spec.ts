import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { version } from './version.js';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

let root: string;
let folder: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'onescan-version-'));
  folder = join(root, 'libs/process');
  write('libs/process/package.json', '{"version":"1.2.3"}');
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

it.each<[string, Record<string, string>]>([
  ['a branch', { '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/heads/main': `${COMMIT}\n` }],
  [
    'a packed branch',
    { '.git/HEAD': 'ref: refs/heads/a/b\n', '.git/packed-refs': `# pack\n${COMMIT} refs/heads/a/b\n` },
  ],
  ['no branch', { '.git/HEAD': `${COMMIT}\n` }],
  [
    'a worktree',
    {
      '.git': 'gitdir: repository/worktrees/w\n',
      'repository/worktrees/w/HEAD': 'ref: refs/heads/w\n',
      'repository/worktrees/w/commondir': '../..\n',
      'repository/refs/heads/w': `${COMMIT}\n`,
    },
  ],
])('names the commit of %s', (_, files) => {
  for (const [path, text] of Object.entries(files)) write(path, text);
  expect(version(folder)).toBe('1.2.3 (0123456789ab)');
});

it.each<[string, Record<string, string>]>([
  ['no repository', {}],
  ['one without commits', { '.git/HEAD': 'ref: refs/heads/main\n' }],
  ['something else called .git', { '.git': 'hello' }],
])('is that of package.json where there is %s', (_, files) => {
  for (const [path, text] of Object.entries(files)) write(path, text);
  expect(version(folder)).toBe('1.2.3');
});

it('is what a package says of itself, whatever repository it lies in', () => {
  write('.git/HEAD', `${'f'.repeat(40)}\n`);
  write('libs/process/package.json', JSON.stringify({ version: '1.2.3', gitHead: COMMIT }));
  expect(version(folder)).toBe('1.2.3 (0123456789ab)');
});

it('says of this checkout what git says', () => {
  const git = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' });
  if (git.status !== 0) return console.warn('no git: the version is not compared with it');
  expect(version()).toContain(`(${git.stdout.slice(0, 12)})`);
});
