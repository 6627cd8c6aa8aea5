import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './workspace.mjs';

const text = readFileSync(join(ROOT, 'docs/scaling.md'), 'utf8');

/** Rows of the replay, from the built scheduler. */
function replay(...args) {
  const command = ['bench/scale/replay.mjs', ...args, '--json'];
  return JSON.parse(execFileSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' })).rows;
}

it('the table of trainers is what the commands above it print', () => {
  const usual = replay();
  const ahead = replay('--fetchAhead', '8');
  const one = (value) => value.toFixed(1);
  const rows = usual.map((row, at) => [
    ...[`${row.workers}`, one(row['cached: minutes'])],
    row['times faster'] === 1 ? '1' : one(row['times faster']),
    `${Math.round(row['busy %'])} %`,
    ...[one(row['fetched: minutes']), one(ahead[at]['fetched: minutes'])],
  ]);
  expect(rows.length).toBeGreaterThan(5);
  for (const row of rows) expect(text).toContain(`| ${row.join(' | ')} |`);
});

it('takes the seconds of a run of one’s own, as `onescan show RUN --json` prints it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-replay-'));
  try {
    const path = join(folder, 'run.json');
    const stats = { stageSeconds: { select: 50, train: 10 } };
    const tasks = [15, 30].map((horizon) => ({ pair: 'eurusd', horizon, stats }));
    writeFileSync(path, JSON.stringify({ run: { tasks } }));
    const [row] = replay('--run', path, '--loadSeconds', '0.001', '--workers', '1');
    expect(row['cached: minutes']).toBeCloseTo(2, 2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
