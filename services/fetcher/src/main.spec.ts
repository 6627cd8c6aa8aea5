import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { readAnnouncement } from '@onescan/process/announce.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildSmallWarehouse } from './fixtures/small-warehouse.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }); // generous: the machine may be busy

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-fetcher-'));
  await buildSmallWarehouse(join(folder, 'wh'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the process', () => {
  const main = new URL('../dist/main.js', import.meta.url).pathname;

  it('announces its address, serves, and ends cleanly on SIGTERM', async () => {
    const child = start(['--warehouse', join(folder, 'wh'), '--cache', join(folder, 'cache')]);
    const { service, address } = await readAnnouncement(child.stdout!);
    expect(service).toBe('fetcher');
    const remote = createClient(FetcherServiceClient, address);
    expect(await callUnary(remote, remote.listDatasets, {})).toEqual({ datasets: [], unreadable: [] });
    remote.close();
    child.kill('SIGTERM');
    expect(await exitCode(child)).toBe(0);
  });

  it('serves datasets and nothing else on an address for trainers', async () => {
    const socket = `unix:${join(folder, 'datasets.sock')}`;
    const flags = ['--warehouse', join(folder, 'wh'), '--cache', join(folder, 'apart')];
    const child = start([...flags, '--datasets-listen', socket]);
    await readAnnouncement(child.stdout!);
    const trainer = createClient(FetcherServiceClient, socket);
    await expect(callUnary(trainer, trainer.listDatasets, {})).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
    });
    const reading = callServerStream(trainer, trainer.readDataset, { datasetId: 'f'.repeat(64), offset: 0n });
    await expect(reading[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    trainer.close();
    child.kill('SIGTERM');
    expect(await exitCode(child)).toBe(0);
  });

  it('logs an error that nobody caught, and ends', async () => {
    const hook = join(folder, 'reject.mjs');
    writeFileSync(
      hook,
      `const write = process.stdout.write;
       process.stdout.write = function (text, ...more) {
         if (String(text).includes('listening')) Promise.reject(new Error('caught by nobody'));
         return write.call(this, text, ...more);
       };`,
    );
    const flags = ['--warehouse', join(folder, 'wh'), '--cache', join(folder, 'uncaught')];
    const child = start(flags, { NODE_OPTIONS: `--import=${pathToFileURL(hook).href}` });
    const said = text(child.stderr!);
    expect(await exitCode(child)).toBe(5);
    const [line, ...others] = (await said).trim().split('\n');
    expect(others).toEqual([]);
    expect(JSON.parse(line!)).toMatchObject({ level: 60, reason: 'caught by nobody' });
  });

  it('refuses a cache folder that another fetcher has, and takes it after kill -9', async () => {
    const own = join(folder, 'locked');
    const flags = ['--warehouse', join(folder, 'wh'), '--cache', own];
    const first = start(flags);
    await readAnnouncement(first.stdout!);
    const second = start(flags);
    const said = text(second.stderr!);
    expect(await exitCode(second)).toBe(5);
    expect(await said).toContain(`cache folder ${own} is in use by process ${first.pid}`);
    first.kill('SIGKILL');
    await exitCode(first);
    const third = start(flags);
    await readAnnouncement(third.stdout!);
    third.kill('SIGTERM');
    expect(await exitCode(third)).toBe(0);
  });

  it.each([
    [['--cache', 'x'], 2],
    [['--warehouse', 'x', '--cache', 'x', '--process-memory', '1MiB'], 2],
    [['--warehouse', 'x', '--cache', 'x', '--price-per-tib', 'cheap'], 2],
    [['--warehouse', 'does-not-exist', '--cache', join(tmpdir(), 'onescan-none')], 5],
  ])('ends with a code that says why: %j', async (args, code) => {
    expect(await exitCode(start(args))).toBe(code);
  });

  function start(args: string[], more: Record<string, string> = {}): ChildProcess {
    const env = { ...process.env, ONESCAN_LOG_LEVEL: 'error', ...more };
    return spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  }
});

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('exit', resolve));
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += String(chunk);
  return all;
}
