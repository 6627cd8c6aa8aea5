import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { onescan } from '../command.js';
import { WAREHOUSE } from '../warehouse.js';

const PATIENCE = { timeout: 60_000, interval: 200 };
const RUN = [
  'run',
  '--pairs',
  'usdjpy',
  '--horizons',
  '15,30',
  '--rows',
  '2000',
  '--preset',
  'quick',
  '--yes',
];

interface Status {
  supervisor: number;
  services: {
    service: string;
    processId: number;
    state: string;
    restarts: number;
    lastEnd?: { how: string };
  }[];
}

let folder: string;
let started: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-supervision-'));
});
afterEach(() => {
  for (const pid of started) if (isProcessAlive(pid)) process.kill(pid, 'SIGKILL');
  started = [];
  rmSync(folder, { recursive: true, force: true });
});

async function up(...flags: string[]): Promise<void> {
  const given = ['--warehouse', WAREHOUSE, '--trainers', '2', '--detach', ...flags];
  expect(await onescan(folder, 'up', ...given)).toMatchObject({ code: 0 });
  const { supervisor, services } = await status();
  started.push(supervisor, ...services.map(({ processId }) => processId));
}

async function status(): Promise<Status> {
  const { stdout } = await onescan(folder, 'status', '--json');
  return JSON.parse(stdout) as Status;
}

function find({ services }: Status, name: string): Status['services'][number] {
  return services.find(({ service }) => service === name)!;
}

async function kill(name: string): Promise<void> {
  process.kill(find(await status(), name).processId, 'SIGKILL');
}

it('what is killed comes back and the runs go on; too often, and it is given up and said so', {
  timeout: 300_000,
}, async () => {
  await up('--max-restarts', '1', '--listen', '127.0.0.1:0');
  const endpoint = (): { tcp: string; page: string } =>
    JSON.parse(readFileSync(join(folder, '.onescan', 'endpoint.json'), 'utf8'));
  const { tcp, page } = endpoint();
  for (const name of ['trainer-1', 'fetcher', 'coordinator']) {
    await kill(name);
    await vi.waitUntil(async () => {
      const { state, restarts, processId } = find(await status(), name);
      if (restarts === 1) started.push(processId);
      return state === 'running' && restarts === 1;
    }, PATIENCE);
  }
  expect(endpoint()).toMatchObject({ tcp, page });
  // A page that is open goes on; another is opened with a link.
  const statusOfPage = (): Promise<number> =>
    fetch(page).then(
      ({ status }) => status,
      () => 0,
    );
  await vi.waitUntil(async () => (await statusOfPage()) === 200, PATIENCE);
  expect((await onescan(folder, 'page')).stdout).toMatch(new RegExp(`^${page}#ticket=[\\w-]{43}\n$`));
  expect(await onescan(folder, ...RUN)).toMatchObject({ code: 0 });
  const shown = await onescan(folder, 'status');
  expect(shown).toMatchObject({ code: 0 });
  expect(shown.stdout).toMatch(/^trainer-1 +running +\d+ +1 +\S+, signal SIGKILL$/m);

  await kill('trainer-1');
  await vi.waitUntil(async () => find(await status(), 'trainer-1').state === 'given up', PATIENCE);
  const failed = await onescan(folder, 'status');
  expect(failed).toMatchObject({ code: 5 });
  expect(failed.stdout).toMatch(/^trainer-1 +GIVEN UP +- +1 /m);
  const log = readFileSync(join(folder, '.onescan', 'logs', 'up.log'), 'utf8');
  expect(log).toMatch(
    /trainer-1 ended with signal SIGKILL .*; started again in 1 s \(restart 1 of 1 in 10 min\)/,
  );
  expect(log).toMatch(/trainer-1 ended .*GIVEN UP.*\n.*Going on with 1 trainer/);
  // Down in the middle of a restart ends all the same, and nothing comes after it.
  await kill('trainer-2');
  expect(await onescan(folder, 'down')).toMatchObject({ code: 0 });
  expect(started.filter(isProcessAlive)).toEqual([]);
});

it('a stack that stops without its fetcher says so afterwards, until the next one', {
  timeout: 300_000,
}, async () => {
  await up('--max-restarts', '0');
  await kill('fetcher');
  const ended =
    /stopped when fetcher was given up at \S+ \(signal SIGKILL, after 0 restarts\); its log: .*fetcher\.log/;
  await vi.waitUntil(async () => ended.test((await onescan(folder, 'status')).stderr), PATIENCE);
  expect(started.filter(isProcessAlive)).toEqual([]);
  await up();
  expect(await onescan(folder, 'status')).toMatchObject({ code: 0 });
  expect(await onescan(folder, 'down')).toMatchObject({ code: 0 });
  expect((await onescan(folder, 'status')).stderr).not.toContain('given up');
});

it('a killed supervisor leaves no service behind, says so, and the next one takes up its runs', {
  timeout: 300_000,
}, async () => {
  await up();
  const waiting = await onescan(folder, ...RUN.slice(0, -1), '--json');
  expect(waiting.code).toBe(3);
  const { supervisor, services } = await status();
  process.kill(supervisor, 'SIGKILL');
  await vi.waitUntil(() => !isProcessAlive(supervisor), PATIENCE);
  const lost = await onescan(folder, 'status');
  expect(lost).toMatchObject({ code: 5, stderr: expect.stringContaining('has ended without saying so') });
  // At once: the services of the killed one are still ending, and hold their locks.
  await up();
  expect(services.map(({ processId }) => processId).filter(isProcessAlive)).toEqual([]);
  const { stdout } = await onescan(folder, 'ls', '--json');
  const [run] = (JSON.parse(stdout) as { runs: { runId: string }[] }).runs;
  expect(await onescan(folder, 'approve', run!.runId, '--watch')).toMatchObject({ code: 0 });
  expect(await onescan(folder, 'down')).toMatchObject({ code: 0 });
});
