import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'onescan-private-'));
afterAll(() => rmSync(root, { recursive: true }));

it('what a process and its children make is for their user alone', () => {
  const code = `
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { keepFilesPrivate } from '${new URL('../dist/private-files.js', import.meta.url).href}';
process.umask(0o022);
mkdirSync('before');
keepFilesPrivate();
mkdirSync('folder');
writeFileSync('file', '');
execFileSync('touch', ['of-child']);`;
  execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: root });
  const mode = (name: string): string => (statSync(join(root, name)).mode & 0o777).toString(8);
  expect(['before', 'folder', 'file', 'of-child'].map(mode)).toEqual(['755', '700', '600', '600']);
});
