import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startStack } from './stack.js';
import { withStackDefaults } from './stack-options.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'onescan-home-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Another process that starts a stack: it has the lock, and no endpoint file yet. */
const HOLDER = `
import { lockFolder } from '${new URL('../../../dataset/dist/folder-lock.js', import.meta.url).href}';
await lockFolder(process.argv[1], { what: 'home folder', inUse: { code: 'ALREADY_EXISTS', remedy: '' }, unwritable: '' });
console.log('locked');
setInterval(() => {}, 1000);`;

it('a second start in a home folder touches nothing of the first', { timeout: 60_000 }, async () => {
  const home = join(root, 'home');
  const logs = join(home, 'logs');
  mkdirSync(logs, { recursive: true });
  const log = join(logs, 'fetcher.log');
  writeFileSync(log, 'of the first\n');
  writeFileSync(join(root, 'warehouse.duckdb'), '');
  const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, '--', home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(holder.stdout, 'data');
    const options = withStackDefaults({ warehouse: root, home });
    await expect(startStack(options, new AbortController().signal)).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      message: `home folder ${home} is in use by process ${holder.pid}`,
    });
    expect(readFileSync(log, 'utf8')).toBe('of the first\n');
    expect(readdirSync(home).sort()).toEqual(['.lock', 'logs']);
  } finally {
    holder.kill('SIGKILL');
  }
});
