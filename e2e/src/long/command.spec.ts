import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { expect, it } from 'vitest';
import { onescan } from '../command.js';
import { commandStackForEach, lastDocument, RUN } from '../command-stack.js';
import { WAREHOUSE } from '../warehouse.js';

const stack = commandStackForEach();

it('what is cached or a part of a run is not fetched again; a state that is backed up comes back', async () => {
  const first = await onescan(stack.folder, ...RUN, '--yes', '--json');
  const { runId } = lastDocument(first).run;
  const again = await onescan(stack.folder, ...RUN, '--yes');
  expect(again.code).toBe(0);
  expect(again.stderr).toMatch(/usdjpy: cached dataset \w+ from \S+, no query/);
  expect(again.stdout).toContain('Cost: 0 statements, 0 B billed');

  const plan = await onescan(stack.folder, 'plan', ...RUN.slice(1), '--exclude', 'mkt_*');
  expect(plan.stdout).toMatch(/^usdjpy: from dataset [0-9a-f]{12}, no query\.$/m);
  expect(plan.stdout).toContain('In total: 0 statements, 0 B, $0.00 ');
  const part = await onescan(stack.folder, 'rerun', runId, '--groups', 'csi,tri', '--rows', '1900');
  expect(part.code).toBe(0);
  expect(part.stderr).toMatch(/usdjpy: dataset \w+ from dataset \w+, no query/);
  expect(part.stdout).toContain('Cost: 0 statements, 0 B billed');
  const more = await onescan(stack.folder, 'rerun', runId, '--rows', '2001');
  expect(more.code).toBe(2);
  expect(more.stderr).toContain('has 2000 rows, not 2001');
  expect(more.stderr).toContain('onescan run');

  const backup = await onescan(stack.folder, 'backup');
  expect(backup).toMatchObject({ code: 0, stdout: expect.stringContaining('backups') });
  expect((await onescan(stack.folder, 'restore')).stderr).toMatch(/in use by process \d+/);

  const second = await onescan(stack.folder, 'up', '--warehouse', WAREHOUSE);
  expect(second.code).toBe(2);
  expect(second.stderr).toContain('Stop it with "onescan down"');

  expect((await onescan(stack.folder, 'down')).code).toBe(0);
  expect([stack.supervisor, ...stack.services].filter(isProcessAlive)).toEqual([]);
  writeFileSync(join(stack.folder, '.onescan', 'state', 'coordinator.duckdb'), 'damaged');
  const torn = await onescan(stack.folder, 'up', '--warehouse', WAREHOUSE);
  expect(torn.stderr).toContain('is damaged');
  expect(torn.stderr).toContain('onescan restore');
  const restored = await onescan(stack.folder, 'restore');
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining(': 3 runs') });
  const without = await onescan(stack.folder, 'ls');
  expect(without.code).toBe(5);
  expect(without.stderr).toContain('onescan up --warehouse DIR');
});

it("over TCP the coordinator takes calls with its token only; its socket is the user's alone", async () => {
  expect((await onescan(stack.folder, 'down')).code).toBe(0);
  const flags = ['--warehouse', WAREHOUSE, '--trainers', '1', '--listen', '127.0.0.1:0'];
  const up = await onescan(stack.folder, 'up', ...flags, '--detach', '--json');
  const endpoint = JSON.parse(up.stdout) as Record<'coordinator' | 'tcp' | 'tokenFile', string> & {
    pid: number;
  };
  stack.supervisor = endpoint.pid;
  expect(endpoint.coordinator).toMatch(/^unix:.*coordinator\.sock$/);
  expect(statSync(endpoint.tokenFile).mode & 0o777).toBe(0o600);
  expect((await onescan(stack.folder, 'ls')).code).toBe(0);
  const stranger = await onescan(stack.folder, '--coordinator', endpoint.tcp, 'ls');
  expect(stranger).toMatchObject({ code: 5, stderr: expect.stringContaining('bearer token') });
  const bearer = await onescan(
    stack.folder,
    '--coordinator',
    endpoint.tcp,
    '--token-file',
    endpoint.tokenFile,
    'ls',
  );
  expect(bearer.code).toBe(0);
  expect((await onescan(stack.folder, 'down')).code).toBe(0);
});
