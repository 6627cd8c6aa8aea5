import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import type { OnescanError } from '@onescan/contract/onescan-error.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { blankRun } from '../model/run-record.js';
import { BackupSchedule } from './backup-schedule.js';
import { STATE_FILE } from './open-state-file.js';
import { readAllRuns } from './run-table.js';
import { backupFolder } from './state-backup.js';
import { Store } from './store.js';

const SPEC = resolveRunSpec(RunSpec.create());
let stateDir: string;
let nowMs = Date.parse('2026-11-30T08:00:00Z');

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'onescan-backups-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

test('backups that are asked for at the same time are all made, and hold what was stored before', async () => {
  const store = await Store.open(stateDir);
  const schedule = new BackupSchedule(
    store,
    { stateDir, backupHours: 0, keepBackups: 100 },
    () => (nowMs += 1_000),
  );
  const asked = Array.from({ length: 12 }, async (_, i) => {
    await store.createRun(
      blankRun({ runId: `r${i}`, spec: SPEC, rerunOf: '', traceparent: '', createdMs: i }),
      [],
    );
    return { runs: i + 1, backup: await schedule.run() };
  });
  const backups = await Promise.all([
    ...asked,
    ...Array.from({ length: 8 }, async () => ({ runs: 0, backup: await schedule.run() })),
  ]);
  // Fewer than were asked for: those who wait share the next one.
  const paths = new Set(backups.map(({ backup }) => backup.path));
  expect(paths.size).toBeLessThan(backups.length);
  expect(
    readdirSync(backupFolder(stateDir))
      .map((name) => join(backupFolder(stateDir), name))
      .sort(),
  ).toEqual([...paths].sort());
  for (const { runs, backup } of backups) expect(await runsIn(backup.path)).toBeGreaterThanOrEqual(runs);
  await store.close();
});

test('a backup that fails fails for those who waited for it, and the next one is made', async () => {
  const store = await Store.open(stateDir);
  const schedule = new BackupSchedule(
    store,
    { stateDir, backupHours: 0, keepBackups: 2 },
    () => (nowMs += 1_000),
  );
  // A file where the folder belongs.
  writeFileSync(backupFolder(stateDir), '');
  const asked = await Promise.allSettled([schedule.run(), schedule.run(), schedule.run()]);
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  rmSync(backupFolder(stateDir));
  expect(await runsIn((await schedule.run()).path)).toBe(0);
  await store.close();
});

test('backups that are asked for time and again cost a bounded number of copies', async () => {
  const store = await Store.open(stateDir);
  let now = nowMs;
  const schedule = new BackupSchedule(
    store,
    { stateDir, backupHours: 0, keepBackups: 100 },
    () => (now += 1),
  );
  const change = (i: number): Promise<unknown> =>
    store.createRun(blankRun({ runId: `r${i}`, spec: SPEC, rerunOf: '', traceparent: '', createdMs: i }), []);
  const first = await schedule.run();
  // Nothing was stored since.
  expect(await schedule.run()).toEqual(first);
  let made = 1;
  for (let i = 0; i < 30 && made < 30; i++) {
    await change(i);
    const refused = await schedule.run().then(
      () => made++ && undefined,
      (thrown: OnescanError) => thrown,
    );
    if (refused) {
      expect(refused).toMatchObject({ code: 'RESOURCE_EXHAUSTED', remedy: expect.stringContaining('60 s') });
      break;
    }
  }
  expect(made).toBe(10);
  now += 60_000;
  expect(await runsIn((await schedule.run()).path)).toBe(10);
  await expect(change(99).then(() => schedule.run())).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  await store.close();
});

/** Runs in a backup, which is a state file of its own. */
async function runsIn(backup: string): Promise<number> {
  const copy = mkdtempSync(join(stateDir, 'copy-'));
  copyFileSync(backup, join(copy, STATE_FILE));
  const store = await Store.open(copy);
  const runs = await store.readRunTable(readAllRuns);
  await store.close();
  return runs.length;
}
