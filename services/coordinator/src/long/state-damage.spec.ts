import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { blankRun } from '../model/run-record.js';
import { BackupSchedule } from '../store/backup-schedule.js';
import { STATE_FILE } from '../store/open-state-file.js';
import { restoreState } from '../store/restore-state.js';
import { readAllRuns } from '../store/run-table.js';
import { listBackups } from '../store/state-backup.js';
import { Store } from '../store/store.js';

const NOW = Date.parse('2026-11-30T08:00:00Z');
const STEP = 64 * 1024;
const RUNS = 300;
const SPEC = resolveRunSpec(RunSpec.create());

/** A sound state with a log, copied for every damage. */
let sound: string;
let folder: string;

beforeAll(async () => {
  sound = mkdtempSync(join(tmpdir(), 'onescan-sound-'));
  const work = join(sound, 'work');
  const store = await Store.open(work);
  for (let i = 0; i < RUNS; i++) {
    const run = blankRun({ runId: `r${i}`, spec: SPEC, rerunOf: '', traceparent: '', createdMs: i });
    await store.createRun(run, []);
    // What is in the file, and what in the log.
    if (i === RUNS - 20) await store.backUp(NOW, 3);
    if (i === RUNS - 10) await copyOf(work, sound);
  }
  await copyOf(work, sound);
  await store.close();
  copyFileSync(join(work, STATE_FILE), join(sound, 'checkpointed.duckdb'));
});

async function copyOf(from: string, to: string): Promise<void> {
  for (const name of [STATE_FILE, `${STATE_FILE}.wal`]) copyFileSync(join(from, name), join(to, name));
}

beforeEach(() => {
  folder = mkdtempSync(join(sound, 'state-'));
  mkdirSync(join(folder, 'backups'));
  const [backup] = listBackups(join(sound, 'work'));
  copyFileSync(backup!.path, join(folder, 'backups', 'coordinator-20261130T080000Z.duckdb'));
});

afterAll(() => rmSync(sound, { recursive: true, force: true }));

function flipBit(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 0x10;
  writeFileSync(path, bytes);
}

/** Runs that can be read, or the error. */
async function runsOf(stateDir: string): Promise<number | OnescanError> {
  try {
    const store = await Store.open(stateDir);
    try {
      return (await store.readRunTable(readAllRuns)).length;
    } finally {
      await store.close();
    }
  } catch (thrown) {
    return OnescanError.from(thrown);
  }
}

test('damage anywhere in the file is told as such with the way back, which works', async () => {
  const source = join(sound, 'checkpointed.duckdb');
  const size = readFileSync(source).length;
  const told: string[] = [];
  for (let at = 0; at < size; at += STEP) {
    const path = join(folder, STATE_FILE);
    copyFileSync(source, path);
    flipBit(path, at + 100);
    const found = await runsOf(folder);
    // Not every byte of the file is in use.
    if (found === RUNS) continue;
    expect(found).toMatchObject({ code: 'DATA_LOSS', details: { path } });
    const { text } = found as OnescanError;
    expect(text).toContain(`state file ${path} is damaged`);
    expect(text).toContain(
      `onescan restore --state ${folder} brings back the backup of 2026-11-30T08:00:00Z`,
    );
    told.push(text);
    rmSync(`${path}.wal`, { force: true });
    const restored = await restoreState({ stateDir: folder, nowMs: NOW + at });
    expect(restored.runs).toBe(RUNS - 19);
    expect(await runsOf(folder)).toBe(RUNS - 19);
    expect(existsSync(join(restored.putAside, STATE_FILE))).toBe(true);
  }
  expect(told.length).toBeGreaterThan(size / STEP / 4);
}, 60_000);

test('damage in the log is told as such, and the file without it is a way back too', async () => {
  const log = readFileSync(join(sound, `${STATE_FILE}.wal`)).length;
  let told = 0;
  for (let at = 30; at < log; at += Math.ceil(log / 12)) {
    const path = join(folder, STATE_FILE);
    await copyOf(sound, folder);
    flipBit(`${path}.wal`, at);
    const found = await runsOf(folder);
    if (typeof found === 'number') continue;
    told++;
    expect(found).toMatchObject({ code: 'DATA_LOSS', details: { path: `${path}.wal` } });
    expect(found.text).toContain(`onescan restore --without-log --state ${folder}`);
    const { putAside, runs } = await restoreState({ stateDir: folder, withoutLog: true, nowMs: NOW + at });
    expect(await runsOf(folder)).toBe(runs);
    expect(readdirSync(putAside).sort()).toEqual([STATE_FILE, `${STATE_FILE}.wal`]);
  }
  expect(told).toBeGreaterThan(5);
}, 60_000);

test('a file that is in use is called that, and is not restored', async () => {
  await copyOf(sound, folder);
  const script = `
    import { Store } from '${new URL('../../dist/store/store.js', import.meta.url).href}';
    await Store.open(process.argv[1]); console.log('open'); setInterval(() => undefined, 1000);`;
  const { spawn } = await import('node:child_process');
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', script, folder]);
  await new Promise((done) => holder.stdout.once('data', done));
  const inUse = { code: 'FAILED_PRECONDITION', message: expect.stringContaining(`by process ${holder.pid}`) };
  expect(await runsOf(folder)).toMatchObject(inUse);
  await expect(restoreState({ stateDir: folder, nowMs: NOW })).rejects.toMatchObject(inUse);
  holder.kill('SIGKILL');
});

test('a damaged backup does not take the place of anything', async () => {
  const path = join(folder, STATE_FILE);
  copyFileSync(join(sound, 'checkpointed.duckdb'), path);
  const [backup] = listBackups(folder);
  flipBit(backup!.path, readFileSync(backup!.path).length / 2 + 100);
  await expect(restoreState({ stateDir: folder, nowMs: NOW })).rejects.toMatchObject({ code: 'DATA_LOSS' });
  expect(await runsOf(folder)).toBe(RUNS);
  rmSync(join(folder, 'backups'), { recursive: true });
  await expect(restoreState({ stateDir: folder, nowMs: NOW })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('backs up when it is due and something was written, and keeps the latest', async () => {
  const stateDir = mkdtempSync(join(sound, 'due-'));
  const store = await Store.open(stateDir);
  let now = NOW;
  const schedule = new BackupSchedule(store, { stateDir, backupHours: 1, keepBackups: 2 }, () => now);
  const made: boolean[] = [];
  for (let half = 0; half < 8; half++) {
    if (half !== 4 && half !== 5) {
      const ids = { runId: `h${half}`, spec: SPEC, rerunOf: '', traceparent: '', createdMs: half };
      await store.createRun(blankRun(ids), []);
    }
    made.push((await schedule.runIfDue()) !== undefined);
    now += 1_800_000;
  }
  await store.close();
  expect(made).toEqual([true, false, true, false, true, false, true, false]);
  expect(listBackups(stateDir).map(({ time }) => time)).toEqual([
    '2026-11-30T11:00:00Z',
    '2026-11-30T10:00:00Z',
  ]);
});
