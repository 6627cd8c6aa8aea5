import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { credentials, Metadata } from '@grpc/grpc-js';
import {
  FetcherServiceClient,
  type FetcherServiceServer,
  FetcherServiceService,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Access } from './access/access.js';
import { parseAddress } from './address.js';
import { callerOf } from './caller.js';
import { callUnary, createClient, withToken } from './client.js';
import { unary } from './handlers.js';
import { type RunningServer, startServer } from './start-server.js';

let folder: string;
let server: RunningServer | undefined;
let caller: string | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-callers-'));
  caller = undefined;
});
afterEach(async () => {
  await server?.shutdown(100);
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function serve(listen: string, access?: Access): Promise<void> {
  const implementation = {
    listDatasets: unary(async (_request, call) => {
      caller = callerOf(call);
      return { datasets: [], unreadable: [] };
    }),
  } as unknown as FetcherServiceServer;
  server = await startServer({
    listen,
    ...(access ? { access } : {}),
    register: (s) => s.addService(FetcherServiceService, implementation),
    healthNames: ['onescan.v1.FetcherService'],
  });
}

async function call(options = {}, security = {}): Promise<unknown> {
  const client = createClient(FetcherServiceClient, server!.address, options, security);
  try {
    return await callUnary(client, client.listDatasets, {}, { deadlineMs: 5_000 });
  } finally {
    client.close();
  }
}

describe('a Unix socket', () => {
  it('is reached by its address, tells who calls, and can be entered by nobody else', async () => {
    const path = join(folder, 'run', 'a b ü\'".sock');
    await serve(`unix:${path}`);
    expect(server!.address).toBe(`unix:${path}`);
    await call();
    expect(caller).toBe(userInfo().username);
    expect(statSync(join(folder, 'run')).mode & 0o777).toBe(0o700);
    await server!.shutdown(100);
    expect(existsSync(path)).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0)('another local user cannot connect', async () => {
    chmodSync(folder, 0o755);
    const path = join(folder, 'run', 's.sock');
    await serve(`unix:${path}`);
    const script = `require('net').connect(${JSON.stringify(path)}).on('error', (e) => console.log(e.code)).on('connect', () => { console.log('IN'); process.exit() })`;
    const { stdout } = spawnSync(
      'setpriv',
      ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '-e', script],
      { encoding: 'utf8' },
    );
    expect(stdout.trim()).toBe('EACCES');
  });

  it('is refused in a folder that others can enter, and where something else is', async () => {
    chmodSync(folder, 0o755);
    await expect(serve(`unix:${join(folder, 's.sock')}`)).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('others can enter'),
    });
    chmodSync(folder, 0o700);
    writeFileSync(join(folder, 's.sock'), 'precious');
    await expect(serve(`unix:${join(folder, 's.sock')}`)).rejects.toThrow('is no socket');
  });

  it('takes the place of one that a killed process has left, never of one that is served', async () => {
    const path = join(folder, 's.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    expect(existsSync(path)).toBe(true);
    await serve(`unix:${path}`);
    await call();
    await expect(
      startServer({ listen: `unix:${path}`, register: () => undefined, healthNames: [] }),
    ).rejects.toThrow('a process listens there');
    await call();
    const other = createServer().listen(join(folder, 'o.sock'));
    await expect(
      startServer({ listen: `unix:${join(folder, 'o.sock')}`, register: () => undefined, healthNames: [] }),
    ).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    other.close();
  });
});

describe('a bearer token', () => {
  const TOKEN = 'ab'.repeat(32);

  it('is asked for by every call but health checks', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
    const access = new Access({ tokenFile });
    await serve('127.0.0.1:0', access);
    await expect(call()).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      remedy: expect.stringContaining('--token-file'),
    });
    await expect(call(withToken('ab'))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(call(withToken(`${TOKEN}0`))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(caller).toBeUndefined();
    await call(withToken(TOKEN));
    expect(caller).toBe('the bearer of the token');
    await call({}, { tokenFile });
    access.close();
  });
});

it('what a caller says of itself in the metadata counts for nothing', async () => {
  await serve('127.0.0.1:0');
  const client = new FetcherServiceClient(server!.address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('x-onescan-caller', 'root');
  await new Promise<void>((done) => client.listDatasets({}, metadata, () => done()));
  client.close();
  expect(caller).toBe('');
});

it.each(['', 'nowhere', 'host:70000', 'unix:', 'unix:relative.sock', `unix:/${'x'.repeat(200)}`, ':1'])(
  '"%s" is no address',
  (text) => {
    expect(() => parseAddress('--listen', text)).toThrow('--listen');
  },
);
