import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogSink } from './log-sink.js';
import { canMount, SmallDisk } from './testing/small-disk.js';

const built = (name: string): string => new URL(`../dist/${name}`, import.meta.url).href;
const droppedLine = (dropped: number, reason: string): string => `dropped ${dropped}: ${reason}\n`;

let folder: string;
let path: string;
let fd: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-log-'));
  path = join(folder, 'x.log');
  fd = openSync(path, 'a');
});

afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

it('keeps the order of lines, whether they are written in time or at the end', async () => {
  const sink = new LogSink({ fd, droppedLine });
  for (let i = 0; i < 100; i++) sink.write(`${i}\n`);
  await expect.poll(() => readFileSync(path, 'utf8').split('\n').length).toBe(101);
  for (let i = 100; i < 200; i++) sink.write(`${i}\n`);
  sink.flushSync();
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  expect(lines).toEqual(Array.from({ length: 200 }, (_, i) => String(i)));
});

/** Bytes of all files in a folder. */
function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

it('rotates by size, keeps three files, and loses no line', async () => {
  const sink = new LogSink({ fd, path, rotateBytes: 1_000, droppedLine });
  for (let i = 0; i < 35; i++) {
    sink.write(`${'x'.repeat(95)}${String(i).padStart(4)}\n`);
    // One write each: lines that wait are written together, and the file is rotated between two writes.
    await vi.waitFor(() => expect(bytesIn(folder)).toBe(100 * (i + 1)), { timeout: 5_000, interval: 1 });
  }
  expect(statSync(path).size).toBe(500);
  expect(readdirSync(folder).sort()).toEqual(['x.log', 'x.log.1', 'x.log.2', 'x.log.3']);
  const all = ['x.log.3', 'x.log.2', 'x.log.1', 'x.log'].map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  );
  expect(all.join('').match(/\d+/g)).toEqual(Array.from({ length: 35 }, (_, i) => String(i)));
});

it('drops what is beyond its bound, and tells how much', async () => {
  const sink = new LogSink({ fd, droppedLine });
  const line = `${'y'.repeat(99_999)}\n`;
  for (let i = 0; i < 15; i++) sink.write(line);
  await expect.poll(() => readFileSync(path, 'utf8')).toContain('dropped 5: lines came faster');
  expect(statSync(path).size).toBeLessThan(1024 * 1024);
});

describe.skipIf(!canMount())('on a full disk', () => {
  const disk = canMount() ? new SmallDisk(1) : undefined;
  afterEach(() => disk?.free());

  it('costs lines, tells how many when there is room again, and rotates to stay within its size', async () => {
    disk!.fill(0);
    const file = join(disk!.folder, 'full.log');
    const full = openSync(file, 'a');
    const sink = new LogSink({ fd: full, path: file, droppedLine });
    for (let i = 0; i < 3; i++) {
      sink.write('lost\n');
      await sleep(20);
    }
    sink.flushSync();
    disk!.free();
    sink.write('kept\n');
    await expect.poll(() => readFileSync(file, 'utf8')).toBe('kept\ndropped 3: ENOSPC\n');
    closeSync(full);
  });

  it('an error that nobody caught ends the process with its own exit code', () => {
    disk!.fill(0);
    const full = openSync(join(disk!.folder, 'crash.log'), 'a');
    const script = `
      import { exitOnUncaught } from '${built('exit-on-uncaught.js')}';
      import { createLog } from '${built('log.js')}';
      exitOnUncaught(createLog('fetcher'));
      setTimeout(() => { throw new Error('boom'); });`;
    const args = ['--input-type=module', '--eval', script];
    const { status } = spawnSync(process.execPath, args, {
      stdio: ['ignore', 'ignore', full],
      timeout: 20_000,
    });
    closeSync(full);
    disk!.remove();
    expect(status).toBe(5);
  });
});

it('a reader that stopped reading holds up neither the process nor its end', async () => {
  const script = `
    import { createLog } from '${built('log.js')}';
    const log = createLog('fetcher');
    const started = Date.now();
    for (let i = 0; i < 20_000; i++) log.info({ text: 'z'.repeat(100) }, 'line');
    process.stdout.write(String(Date.now() - started < 2000));
    setTimeout(() => process.exit(3), 1500);`;
  // Nothing reads the child's stderr: after a few hundred kilobytes nothing more fits.
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = child.stdout!.setEncoding('utf8').toArray();
  const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(4_500) }).finally(() =>
    child.kill(),
  );
  expect(code).toBe(3);
  expect((await output).join('')).toBe('true');
});
