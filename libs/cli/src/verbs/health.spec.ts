import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, startServer } from '@onescan/process/grpc/start-server.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCli } from '../run-cli.js';
import { fakeTerminal } from '../testing/fake-terminal.js';

let folder: string;
let server: RunningServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-health-'));
  server = await startServer({
    listen: `unix:${join(folder, 'own/service.sock')}`,
    register: () => undefined,
    healthNames: ['onescan.v1.FetcherService'],
  });
});
afterEach(async () => {
  await server.shutdown(0);
  rmSync(folder, { recursive: true, force: true });
});

async function health(...args: string[]): Promise<{ code: number; data: string; notes: string }> {
  const terminal = fakeTerminal();
  const code = await runCli(['health', ...args], terminal);
  return { code, data: terminal.data(), notes: terminal.notes.join('\n') };
}

it('exits 0 while a service is serving, 5 when it drains', async () => {
  expect(await health('--target', server.address)).toMatchObject({ code: 0, data: 'SERVING\n' });
  const named = ['--target', server.address, '--service', 'onescan.v1.FetcherService'];
  expect((await health(...named)).code).toBe(0);
  server.setServing(false);
  expect(await health(...named)).toMatchObject({ code: 5, data: 'NOT_SERVING\n' });
  const json = await health('--target', server.address, '--json');
  expect(JSON.parse(json.data)).toEqual({ target: server.address, status: 'NOT_SERVING' });
});

it('exits 5 and says why when nothing answers or the service is another one', async () => {
  const nowhere = await health('--target', `unix:${join(folder, 'none.sock')}`);
  expect(nowhere.code).toBe(5);
  expect(nowhere.notes).toMatch(/none\.sock does not say its health: .+\. Look at the log of the service/);
  const other = await health('--target', server.address, '--service', 'onescan.v1.Nothing');
  expect(other.code).toBe(5);
});

it('wants to know whom to ask', async () => {
  expect(await health()).toMatchObject({ code: 2 });
});
