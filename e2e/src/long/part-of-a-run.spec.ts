import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { onescan } from '../command.js';
import { WAREHOUSE } from '../warehouse.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 }); // generous: the machine may be busy

const RUN = ['run', '--pairs', 'usdjpy', '--horizons', '15', '--preset', 'quick', '--yes'];
const PART = ['--groups', 'csi,tri', '--rows', '1800'];

let folder: string;
const homes = ['once', 'apart'];
const processes: number[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-part-'));
  mkdirSync(join(folder, 'warehouse'));
  for (const name of readdirSync(WAREHOUSE)) {
    copyFileSync(join(WAREHOUSE, name), join(folder, 'warehouse', name));
  }
  for (const home of homes) {
    mkdirSync(join(folder, home));
    const up = ['up', '--warehouse', join(folder, 'warehouse'), '--trainers', '1', '--detach', '--json'];
    const { code, stdout } = await onescan(join(folder, home), ...up);
    expect(code).toBe(0);
    const endpoint = JSON.parse(stdout) as { pid: number; services: Record<string, number> };
    processes.push(endpoint.pid, ...Object.values(endpoint.services));
  }
});
afterAll(() => {
  for (const pid of processes) if (isProcessAlive(pid)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  runId: string;
  stderr: string;
  stdout: string;
  results: string;
}

/** Runs a verb to its end; with the hash of its result documents. */
async function outcome(home: string, ...args: string[]): Promise<Outcome> {
  const cwd = join(folder, home);
  const { code, stdout, stderr } = await onescan(cwd, ...args);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const runId = /Run (\S+): /.exec(stderr)![1]!;
  const shown = JSON.parse((await onescan(cwd, 'show', runId, '--json')).stdout) as {
    resultsSha256: string;
  };
  return { runId, stdout, stderr, results: shown.resultsSha256 };
}

it('a part of what was fetched is free, also when the warehouse is gone, and learns the same', async () => {
  const first = await outcome('once', ...RUN, '--groups', 'tri,mkt,csi', '--rows', '2000');
  expect(first.stderr).toContain('fetched dataset');

  const plan = await onescan(join(folder, 'once'), 'plan', ...RUN.slice(1, -1), ...PART);
  expect(plan.stdout).toMatch(/^usdjpy: from dataset [0-9a-f]{12}, no query\.$/m);
  expect(plan.stdout).toContain('In total: 0 statements, 0 B, $0.00 ');

  const part = await outcome('once', ...RUN, ...PART);
  expect(part.stderr).toMatch(/usdjpy: dataset \w+ from dataset \w+, no query/);
  expect(part.stdout).toContain('Cost: 0 statements, 0 B billed');
  const apart = await outcome('apart', ...RUN, ...PART);
  expect(apart.stderr).toContain('fetched dataset');
  expect(part.results).toMatch(/^[0-9a-f]{64}$/);
  expect(part.results).toBe(apart.results);

  rmSync(join(folder, 'warehouse'), { recursive: true });
  const rerun = await outcome(
    'once',
    'rerun',
    first.runId,
    '--exclude',
    'mkt_*',
    '--horizons',
    '30',
    '--rows',
    '1900',
  );
  expect(rerun.stderr).toMatch(/usdjpy: dataset \w+ from dataset \w+, no query/);
  expect(rerun.stdout).toContain('Cost: 0 statements, 0 B billed');
  expect(rerun.stdout).toMatch(/^usdjpy +30 +\S/m);

  for (const [flags, field] of [
    [['--horizons', '16'], 'horizons: dataset '],
    [['--rows', '2001'], 'sample.rows: dataset '],
    [['--pairs', 'eurusd'], 'pairs: the earlier run has no "eurusd"'],
    [['--groups', 'none'], 'universe.groups: the earlier run has no "none"'],
  ] as const) {
    const refused = await onescan(join(folder, 'once'), 'rerun', first.runId, ...flags);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(field);
    expect(refused.stderr).toContain('onescan run');
  }
});
