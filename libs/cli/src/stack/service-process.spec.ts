import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive as isAlive } from '@onescan/process/process-alive.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ServiceProcess } from './service-process.js';

let folder: string;
let service: ServiceProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-service-'));
});
afterEach(async () => {
  await service?.stop(0);
  service = undefined;
  rmSync(folder, { recursive: true });
});

const ANNOUNCE = `console.log(JSON.stringify({ event: 'listening', service: 'x', address: '127.0.0.1:7' }));`;
const STAY = 'setInterval(() => {}, 1000);';
const START_MS = 20_000;

function start(code: string): ServiceProcess {
  const entry = join(folder, 'service.mjs');
  writeFileSync(entry, code);
  service = new ServiceProcess({
    name: 'fetcher',
    entry,
    args: [],
    logPath: join(folder, 'logs', 'fetcher.log'),
  });
  return service;
}

it('learns the address and stops the service in order', async () => {
  const running = start(`process.on('SIGTERM', () => process.exit(0)); ${ANNOUNCE} ${STAY}`);
  expect(await running.announcement(START_MS)).toMatchObject({ address: '127.0.0.1:7' });
  await running.stop(START_MS);
  expect(await running.exited).toEqual({ name: 'fetcher', how: 'exit code 0', clean: true });
});

it('shows the end of the log when the service dies before it listens', async () => {
  const dying = start(`console.error('port 7 is taken'); process.exit(5);`);
  await expect(dying.announcement(START_MS)).rejects.toThrow(/fetcher did not start[\s\S]*port 7 is taken/);
  expect(await dying.exited).toEqual({ name: 'fetcher', how: 'exit code 5', clean: false });
});

it('gives up on a service that never listens', async () => {
  await expect(start(STAY).announcement(200)).rejects.toThrow('did not listen within 0.2 s');
});

it('kills a service that does not heed SIGTERM', async () => {
  const stubborn = start(`process.on('SIGTERM', () => {}); ${ANNOUNCE} ${STAY}`);
  await stubborn.announcement(START_MS);
  await stubborn.stop(100);
  expect((await stubborn.exited).how).toBe('signal SIGKILL');
});

it('hands on no certificate, key or token of the person at the terminal', async () => {
  const secrets = ['TLS_CA', 'TLS_CERT', 'TLS_KEY', 'TLS_CLIENT_CA', 'TOKEN_FILE'];
  for (const name of secrets) vi.stubEnv(`ONESCAN_${name}`, `/secret/${name}`);
  vi.stubEnv('ONESCAN_OTHER', 'handed on');
  const seen = join(folder, 'seen');
  const running = start(
    `import { writeFileSync } from 'node:fs';
     writeFileSync(${JSON.stringify(seen)}, JSON.stringify(process.env)); ${ANNOUNCE} ${STAY}`,
  );
  await running.announcement(START_MS);
  vi.unstubAllEnvs();
  const environment = readFileSync(seen, 'utf8');
  expect(environment).toContain('handed on');
  expect(environment).not.toContain('/secret/');
});

it('leaves no orphan when the launcher is killed', async () => {
  const entry = join(folder, 'service.mjs');
  writeFileSync(entry, `${ANNOUNCE} ${STAY}`);
  const launcher = join(folder, 'launcher.mjs');
  const built = new URL('../../dist/stack/service-process.js', import.meta.url).href;
  writeFileSync(
    launcher,
    `import { writeFileSync } from 'node:fs';
     import { ServiceProcess } from ${JSON.stringify(built)};
     const service = new ServiceProcess({ name: 'x', entry: ${JSON.stringify(entry)}, args: [],
       logPath: ${JSON.stringify(join(folder, 'x.log'))} });
     await service.announcement(${START_MS});
     writeFileSync(${JSON.stringify(join(folder, 'pid'))}, String(service.pid));
     process.kill(process.pid, 'SIGKILL');`,
  );
  const child = spawn(process.execPath, [launcher], { stdio: 'inherit' });
  await new Promise((done) => child.once('exit', done));
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  await vi.waitUntil(() => !isAlive(pid), { timeout: START_MS });
});
