import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CommandResult, onescan } from '../command.js';
import { WAREHOUSE } from '../warehouse.js';

const RUN = ['run', '--pairs', 'usdjpy', '--horizons', '15', '--rows', '2000', '--preset', 'quick'];

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

it('what is cached or a part of a run is not fetched again; a state that is backed up comes back', async () => {
  const first = await onescan(folder, ...RUN, '--yes', '--json');
  const { runId } = lastDocument(first).run;
  const again = await onescan(folder, ...RUN, '--yes');
  expect(again.code).toBe(0);
  expect(again.stderr).toMatch(/usdjpy: cached dataset \w+ from \S+, no query/);
  expect(again.stdout).toContain('Cost: 0 statements, 0 B billed');

  const plan = await onescan(folder, 'plan', ...RUN.slice(1), '--exclude', 'mkt_*');
  expect(plan.stdout).toMatch(/^usdjpy: from dataset [0-9a-f]{12}, no query\.$/m);
  expect(plan.stdout).toContain('In total: 0 statements, 0 B, $0.00 ');
  const part = await onescan(folder, 'rerun', runId, '--groups', 'csi,tri', '--rows', '1900');
  expect(part.code).toBe(0);
  expect(part.stderr).toMatch(/usdjpy: dataset \w+ from dataset \w+, no query/);
  expect(part.stdout).toContain('Cost: 0 statements, 0 B billed');
  const more = await onescan(folder, 'rerun', runId, '--rows', '2001');
  expect(more.code).toBe(2);
  expect(more.stderr).toContain('has 2000 rows, not 2001');
  expect(more.stderr).toContain('onescan run');

  const backup = await onescan(folder, 'backup');
  expect(backup).toMatchObject({ code: 0, stdout: expect.stringContaining('backups') });
  expect((await onescan(folder, 'restore')).stderr).toMatch(/in use by process \d+/);

  const second = await onescan(folder, 'up', '--warehouse', WAREHOUSE);
  expect(second.code).toBe(2);
  expect(second.stderr).toContain('Stop it with "onescan down"');

  expect((await onescan(folder, 'down')).code).toBe(0);
  expect([supervisor, ...services].filter(isProcessAlive)).toEqual([]);
  writeFileSync(join(folder, '.onescan', 'state', 'coordinator.duckdb'), 'damaged');
  const torn = await onescan(folder, 'up', '--warehouse', WAREHOUSE);
  expect(torn.stderr).toContain('is damaged');
  expect(torn.stderr).toContain('onescan restore');
  const restored = await onescan(folder, 'restore');
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining(': 3 runs') });
  const without = await onescan(folder, 'ls');
  expect(without.code).toBe(5);
  expect(without.stderr).toContain('onescan up --warehouse DIR');
});

it("over TCP the coordinator takes calls with its token only; its socket is the user's alone", async () => {
  expect((await onescan(folder, 'down')).code).toBe(0);
  const flags = ['--warehouse', WAREHOUSE, '--trainers', '1', '--listen', '127.0.0.1:0'];
  const up = await onescan(folder, 'up', ...flags, '--detach', '--json');
  const endpoint = JSON.parse(up.stdout) as Record<'coordinator' | 'tcp' | 'tokenFile', string> & {
    pid: number;
  };
  supervisor = endpoint.pid;
  expect(endpoint.coordinator).toMatch(/^unix:.*coordinator\.sock$/);
  expect(statSync(endpoint.tokenFile).mode & 0o777).toBe(0o600);
  expect((await onescan(folder, 'ls')).code).toBe(0);
  const stranger = await onescan(folder, '--coordinator', endpoint.tcp, 'ls');
  expect(stranger).toMatchObject({ code: 5, stderr: expect.stringContaining('bearer token') });
  const bearer = await onescan(
    folder,
    '--coordinator',
    endpoint.tcp,
    '--token-file',
    endpoint.tokenFile,
    'ls',
  );
  expect(bearer.code).toBe(0);
  expect((await onescan(folder, 'down')).code).toBe(0);
});
