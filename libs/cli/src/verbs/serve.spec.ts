import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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

/** Whether this user may start a process as the first one of a name space, as in a container. */
const mayUnshare = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;

it.skipIf(!mayUnshare).each(['fetcher', 'coordinator', 'trainer'])(
  'as process 1 it ends at a signal from the first moment on: %s (needs unshare --pid)',
  async (service) => {
    // Loaded before the service: says that the handlers are there, while nothing else is.
    const tell = `data:text/javascript,process.on('newListener',(name)=>{if(name==='SIGTERM')console.log('ready')})`;
    const listen = ['--listen', '127.0.0.1:0', '--cache', join(folder, 'cache'), '--warehouse', folder];
    const flags = {
      fetcher: listen,
      coordinator: ['--fetcher', '127.0.0.1:1', '--state', join(folder, 'state')],
      trainer: ['--coordinator', '127.0.0.1:1'],
    }[service]!;
    const node = [process.execPath, '--import', tell, BIN, 'serve', service, ...flags];
    child = spawn('unshare', ['--pid', '--fork', '--kill-child', ...node], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const text of child.stdout!) if (String(text).includes('ready')) break;
    const [first] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
    process.kill(Number(first), 'SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  },
);

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
