import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type CommandResult, onescan } from './command.js';
import { WAREHOUSE } from './warehouse.js';

const GONE_MS = 30_000;
const RUN = ['run', '--pairs', 'usdjpy', '--horizons', '15', '--rows', '2000', '--preset', 'quick'];
/** fetcher, coordinator and two trainers */
const SERVICES = 4;

let folder: string;
let supervisor = 0;
let services: number[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-command-'));
  const up = await onescan(folder, 'up', '--warehouse', WAREHOUSE, '--trainers', '2', '--detach', '--json');
  expect(up).toMatchObject({ code: 0 });
  const endpoint = JSON.parse(up.stdout) as { pid: number; services: Record<string, number> };
  supervisor = endpoint.pid;
  services = Object.values(endpoint.services);
});

afterEach(() => {
  for (const pid of [supervisor, ...services]) if (isProcessAlive(pid)) process.kill(pid, 'SIGKILL');
  supervisor = 0;
  services = [];
  rmSync(folder, { recursive: true, force: true });
});

/** The last line of a JSON-lines stream. */
function lastDocument({ stdout }: CommandResult): {
  run: { runId: string; state: string; ledgerRows: string };
} {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as ReturnType<typeof lastDocument>;
}

it('one command starts the stack, the next ones run, look, verify and stop it', async () => {
  expect(services.filter(isProcessAlive)).toHaveLength(SERVICES);
  const waiting = await onescan(folder, ...RUN, '--json');
  expect(waiting.code).toBe(3);
  expect(lastDocument(waiting).run.state).toBe('RUN_STATE_AWAITING_APPROVAL');
  const runId = lastDocument(waiting).run.runId;

  const approved = await onescan(folder, 'approve', runId, '--watch', '--json', '--as', 'the chief');
  expect(approved).toMatchObject({ code: 0 });
  // Who approves is whom the coordinator knows to have called, not who it says it is.
  expect(approved.stdout).toContain(`"approvedBy":"${userInfo().username}, as \\"the chief\\""`);
  const { ledgerRows } = lastDocument(approved).run;
  const ledger = await onescan(folder, 'ledger', runId, '--csv');
  expect(ledger.stdout.trimEnd().split('\n')).toHaveLength(Number(ledgerRows) + 1);
  expect((await onescan(folder, 'results', runId)).stdout).toMatch(/^usdjpy +15 +\S/m);
  expect((await onescan(folder, 'report', runId, '--out', 'report.html')).code).toBe(0);
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('usdjpy');
  expect((await onescan(folder, 'cache', 'verify')).code).toBe(0);
  // Whatever the umask of who typed the command, here the usual one.
  const open = readdirSync(join(folder, '.onescan'), { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).mode & 0o077 && !lstatSync(path).isSymbolicLink());
  expect(open).toEqual([]);

  expect((await onescan(folder, 'down')).code).toBe(0);
  expect([supervisor, ...services].filter(isProcessAlive)).toEqual([]);
});

it('no service outlives a launcher that is killed', async () => {
  expect(services.filter(isProcessAlive)).toHaveLength(SERVICES);
  process.kill(supervisor, 'SIGKILL');
  await vi.waitUntil(() => !services.some(isProcessAlive), { timeout: GONE_MS });
});
