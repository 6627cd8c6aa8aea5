import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readAnnouncement } from '@onescan/process/announce.js';
import { afterEach, beforeEach, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/onescan.mjs', import.meta.url));

let folder: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-serve-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

it('is the service itself: it listens, and SIGTERM ends it in order', async () => {
  const socket = (name: string): string => `unix:${join(folder, 'run', `${name}.sock`)}`;
  const flags = ['--listen', socket('coordinator'), '--fetcher', socket('fetcher')];
  const args = [BIN, 'serve', 'coordinator', ...flags, '--state', join(folder, 'state')];
  child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const announced = await readAnnouncement(child.stdout!);
  expect(announced).toMatchObject({ service: 'coordinator', address: socket('coordinator') });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('has the exit code of the service, one with flags of Node too', () => {
  for (const service of ['fetcher', 'coordinator', 'trainer']) {
    const { status, stderr } = spawnSync(process.execPath, [BIN, 'serve', service, '--unknown'], {
      encoding: 'utf8',
    });
    expect(stderr).toContain('--unknown');
    expect(status).toBe(2);
  }
});

it('the fetcher gets the flags of Node that make it receive fast', () => {
  const loaded = ['--import', `data:text/javascript,console.log(process.execArgv.join(" "))`];
  const { stdout } = spawnSync(process.execPath, [...loaded, BIN, 'serve', 'fetcher', '--version'], {
    encoding: 'utf8',
  });
  expect(stdout).toContain('--single-threaded-gc');
});

it('names the services there are', () => {
  const { status, stderr } = spawnSync(process.execPath, [BIN, 'serve', 'butler'], { encoding: 'utf8' });
  expect(stderr).toContain('onescan serve fetcher|coordinator|trainer');
  expect(status).toBe(2);
});
