import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processStart } from '@onescan/process/process-start.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCli } from '../run-cli.js';
import { fakeTerminal } from '../testing/fake-terminal.js';
import { endpointPath, readEndpoint, removeEndpoint, writeEndpoint } from './endpoint-file.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'onescan-endpoint-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const ENDPOINT = {
  coordinator: '127.0.0.1:1',
  fetcher: '127.0.0.1:2',
  warehouse: '/w',
  services: { fetcher: 11, coordinator: 12, 'trainer-1': 13 },
  pid: process.pid,
  startedAt: '2026-03-01T00:00:00Z',
};

it('reads what was written, and nothing once it is removed', () => {
  expect(readEndpoint(home)).toBeUndefined();
  writeEndpoint(home, ENDPOINT);
  expect(readEndpoint(home)).toEqual(ENDPOINT);
  removeEndpoint(home);
  expect(readEndpoint(home)).toBeUndefined();
});

it('ignores a file whose process is gone', () => {
  // Process ids end below 2^22 on Linux and far below this elsewhere.
  writeEndpoint(home, { ...ENDPOINT, pid: 2 ** 30 });
  expect(readEndpoint(home)).toBeUndefined();
});

it('a stack that stopped because a service was given up leaves word of it', async () => {
  const lastEnd = { how: 'exit code 5', at: '2026-03-01T01:00:00Z' };
  const supervised = { fetcher: { state: 'given up' as const, restarts: 5, lastEnd } };
  const stopped = { ...ENDPOINT, pid: 2 ** 30, services: {}, supervised, stoppedWithout: 'fetcher' };
  writeEndpoint(home, stopped);
  for (const verb of ['status', 'down', 'ls']) {
    const terminal = fakeTerminal();
    expect(await runCli([verb, '--home', home], terminal)).not.toBe(0);
    expect(terminal.notes[0]).toContain(
      'stopped when fetcher was given up at 2026-03-01T01:00:00Z (exit code 5, after 5 restarts); ' +
        `its log: ${join(home, 'logs', 'fetcher.log')}`,
    );
  }
});

it('refuses a file that is something else', () => {
  writeFileSync(endpointPath(home), '{"coordinator":');
  expect(() => readEndpoint(home)).toThrow('is not an endpoint file');
});

it('a stranger that got the same process id is neither taken for the stack nor stopped', async () => {
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(stranger, 'spawn');
  try {
    const mine = { ...ENDPOINT, pid: stranger.pid! };
    writeEndpoint(home, { ...mine, processStart: processStart(stranger.pid!)! });
    expect(readEndpoint(home)?.pid).toBe(stranger.pid);
    writeEndpoint(home, { ...mine, processStart: processStart(process.pid)! });
    expect(readEndpoint(home)).toBeUndefined();
    for (const verb of ['down', 'ls']) {
      const terminal = fakeTerminal();
      expect(await runCli([verb, '--home', home], terminal)).not.toBe(0);
      expect(terminal.notes[0]).toContain(`as process ${stranger.pid} has ended without saying so`);
    }
    // One of another version says nothing of it, and is not believed.
    writeEndpoint(home, mine);
    const terminal = fakeTerminal();
    expect(await runCli(['down', '--home', home], terminal)).not.toBe(0);
    expect(terminal.notes[0]).toContain('does not say when process');
    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
  } finally {
    stranger.kill();
  }
});
