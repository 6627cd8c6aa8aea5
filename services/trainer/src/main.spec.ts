import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { LedgerStatus, TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import { FailureKind } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { canMount, SmallDisk } from '@onescan/process/testing/small-disk.js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CompleteAssign } from './tasks/task-messages.js';
import { ScriptedFetcher } from './testing/scripted-fetcher.js';
import { ScriptedHub } from './testing/scripted-hub.js';
import { testAssignment } from './testing/test-assignment.js';
import { writeTestDataset } from './testing/test-dataset.js';
import { killProcess, startTrainerProcess } from './testing/trainer-process.js';

const folder = mkdtempSync(join(tmpdir(), 'onescan-trainer-main-'));
const path = join(folder, 'pair.duckdb');

/** Few trees, so that a horizon takes a second. */
const BRIEF = Object.fromEntries(
  ['leaf', 'level', 'symmetric', 'value'].map((model) => [`models.${model}.rounds`, '10']),
);
/** So many that it cannot end meanwhile. */
const ENDLESS = {
  'models.leaf.rounds': '5000',
  'models.leaf.learningRate': '0.001',
  'models.earlyStoppingRounds': '0',
};

let hub: ScriptedHub;
let children: ChildProcess[] = [];

beforeAll(async () => {
  mkdirSync(temporary);
  await writeTestDataset(path);
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  hub = await ScriptedHub.start();
});

afterEach(async () => {
  await Promise.all(children.map(killProcess));
  children = [];
  await hub.stop();
});

/** Temporary folder of the children: nobody else's files are in it, whatever their process ids. */
const temporary = join(folder, 'tmp');

function start(...flags: string[]): ChildProcess {
  return startIn(temporary, ...flags);
}

function startIn(temporaryFolder: string, ...flags: string[]): ChildProcess {
  const child = startTrainerProcess(hub.address, flags, { temporaryFolder });
  children.push(child);
  return child;
}

function assign(horizon: number, more: Partial<CompleteAssign> = {}): void {
  const { dataset, ...rest } = testAssignment(more);
  const task = { runId: 'r1', pair: 'eurusd', horizon, attempt: 1 };
  const file = { ...dataset, datasetId: 'test-dataset', path, rows: 2000, columns: 17 };
  hub.send({ $case: 'assign', value: { ...rest, task, dataset: more.dataset ?? file } });
}

/** Waits for so many results; a failure ends the wait with its reason. */
async function ended(results: number): Promise<void> {
  await hub.until(() => hub.of('result').length === results || hub.of('failure').length > 0);
  expect(hub.of('failure').map((failure) => failure.message)).toEqual([]);
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

test('two processes give the same bytes, whatever the order of horizons and the threads, SHAP values and models before the result', async () => {
  const overrides = { ...BRIEF, 'explain.export': 'yes', 'models.export': 'yes' };
  hub.refuseFiles = 1; // It is sent again.
  const first = start('--id', 'one');
  await hub.next('register');
  assign(15, { overrides });
  assign(45, { overrides: BRIEF });
  await ended(2);
  expect(hub.files).toHaveLength(2);
  first.kill('SIGTERM');
  expect(await exitOf(first)).toBe(0);
  start('--id', 'two', '--threads', '2');
  await hub.next('register', (register) => register.trainerId === 'two');
  assign(45, { overrides: BRIEF });
  assign(15, { overrides });
  await ended(4);

  const [a15, a45, b45, b15] = hub.of('result').map((message) => message.result!);
  expect(a15!.document.equals(b15!.document)).toBe(true);
  expect(a45!.document.equals(b45!.document)).toBe(true);
  expect(a15!.documentSha256).toBe(sha256Hex(a15!.document));
  expect(a15!.ledger).toEqual(b15!.ledger);
  expect(JSON.parse(String(a15!.document))).toMatchObject({
    pair: 'eurusd',
    horizon: 15,
    targetWindow: 45,
    dataset: { id: 'test-dataset', rows: 2000, universe: 19, included: 17, excluded: 2 },
    spec: { preset: 'quick', overrides, seed: '1' },
  });
  const wasLoaded = hub.of('result').map((message) => message.stats?.datasetWasLoaded);
  expect(wasLoaded).toEqual([false, true, false, true]);

  const dataset = await openDataset(path);
  expect(a15!.ledger.map((row) => row.featureId)).toEqual(dataset.columns.map((column) => column.featureId));
  dataset.close();
  const status = new Map(a15!.ledger.map((row) => [row.featureId, row.status]));
  expect(status.get('base.target_45')).toBe(LedgerStatus.LEDGER_STATUS_EXCLUDED);
  expect(status.get('flat.one')).toBe(LedgerStatus.LEDGER_STATUS_PRUNED);
  expect(status.get('signal.next')).toBe(LedgerStatus.LEDGER_STATUS_RETAINED);
  const signal = a15!.ledger.find((row) => row.featureId === 'signal.next')!;
  expect(signal.rank).toBe(1);
  expect(signal.shapMeanAbs).toBeGreaterThan(0);
  expect(a15!.summary).toMatchObject({ horizon: 15, verdict: 'SKILL_SUSPECT', featuresTested: 17 });
  const stages = Object.keys(hub.of('result')[0]!.stats!.stageSeconds);
  expect(stages).toEqual(expect.arrayContaining(['load', 'prune', 'select', 'model', 'explain']));

  const [one, models, two, again] = hub.files;
  const { explanation, models: named } = a15!;
  expect(explanation).toEqual(one!.header.file);
  expect(explanation).toEqual({ sha256: sha256Hex(one!.content), bytes: BigInt(one!.content.length) });
  expect(one!.header.task).toEqual({ runId: 'r1', pair: 'eurusd', horizon: 15, attempt: 1 });
  expect(one!.content.subarray(0, 4).toString()).toBe('PAR1');
  expect(two!.content.equals(one!.content)).toBe(true);

  expect(models!.header.kind).toBe(TaskFileKind.TASK_FILE_KIND_MODELS);
  expect(named).toEqual({ sha256: sha256Hex(models!.content), bytes: BigInt(models!.content.length) });
  expect(again!.content.equals(models!.content)).toBe(true);
  const [line, ...texts] = String(models!.content).split(/^(?=tree$)/m);
  const header = JSON.parse(line!) as { features: { feature: string }[]; models: { name: string }[] };
  expect(header).toMatchObject({
    pair: 'eurusd',
    horizon: 15,
    dataset: { id: 'test-dataset' },
    spec: { preset: 'quick', overrides },
  });
  expect(header.features.map(({ feature }) => feature)).toContain('signal.next');
  const kinds = header.models.map(({ name }) => name);
  expect(kinds.join(' ')).toBe('leaf level symmetric logistic value ridge');
  const names = header.features.map(({ feature }) => feature).join(' ');
  for (const text of texts) expect(text).toContain(`\nfeature_names=${names}\n`);
  expect(texts).toHaveLength(6);
});

test('without the file it reads the dataset from the fetcher, and leaves no copy', async () => {
  const fetcher = await ScriptedFetcher.start(readFileSync(path));
  const child = start();
  await hub.next('register');
  const { dataset } = testAssignment();
  const elsewhere = { ...dataset, datasetId: 'test-dataset', path: '/elsewhere/pair.duckdb' };
  assign(15, { overrides: BRIEF, dataset: elsewhere, fetcherAddress: fetcher.address });
  await ended(1);
  expect(copies()).toHaveLength(1);
  child.kill('SIGTERM');
  expect(await exitOf(child)).toBe(0);
  expect(copies()).toEqual([]);
  await fetcher.stop();
});

test('a copy that a killed trainer left is removed by the next, that of a living one is not', async () => {
  const stale = join(temporary, `onescan-trainer-${hostname()}-${deadProcessId()}-0123456789ab`);
  const living = join(temporary, `onescan-trainer-${hostname()}-${process.pid}-0123456789ab`);
  for (const copy of [stale, living]) mkdirSync(copy);
  start();
  await hub.next('register');
  expect(copies()).toEqual([basename(living)]);
  rmSync(living, { recursive: true });
});

/** Of a process that has ended just now. */
function deadProcessId(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

function copies(): string[] {
  return readdirSync(temporary).filter((name) => name.startsWith('onescan-trainer-'));
}

// Shown as skipped where nothing can be mounted.
test.skipIf(!canMount())(
  'a disk without room for the copy is named, and the task can be done when there is',
  async () => {
    const disk = new SmallDisk(64);
    const fetcher = await ScriptedFetcher.start(readFileSync(path));
    try {
      disk.fill(0);
      startIn(disk.folder);
      await hub.next('register');
      const { dataset } = testAssignment();
      const elsewhere = { ...dataset, datasetId: 'test-dataset', path: '/elsewhere/pair.duckdb' };
      const more = { overrides: BRIEF, dataset: elsewhere, fetcherAddress: fetcher.address };
      assign(15, more);
      const { kind, message } = await hub.next('failure');
      expect([kind, message]).toEqual([
        FailureKind.FAILURE_KIND_DISK_FULL,
        expect.stringMatching(
          /no room for a copy of dataset test-dataset in .*: it takes .*iB, 0 B are free\. Free/,
        ),
      ]);
      disk.free();
      assign(45, more);
      await hub.next('result');
    } finally {
      await fetcher.stop();
      for (const child of children) child.kill('SIGKILL');
      disk.remove();
    }
  },
);

test('refuses what cannot fit before loading it, with the arithmetic', async () => {
  start('--memory-limit', '1GiB');
  await hub.next('register');
  const { dataset } = testAssignment();
  assign(15, { preset: 'standard', dataset: { ...dataset, path, rows: 80_000, columns: 6_477 } });
  const failure = await hub.next('failure');
  expect(failure.kind).toBe(FailureKind.FAILURE_KIND_DOES_NOT_FIT);
  expect(failure.message).toMatch(
    /80000 rows x 6477 columns need .* the limit is 1.00 GiB: process .* \+ bins/,
  );
});

test('bad data is named and never called a crash', async () => {
  start();
  await hub.next('register');
  const bad = join(folder, 'bad.duckdb');
  writeFileSync(bad, 'not a database');
  const { dataset } = testAssignment();
  assign(15, { dataset: { ...dataset, datasetId: 'bad', path: bad } });
  const damaged = await hub.next('failure', (failure) => failure.task?.horizon === 15);
  expect(damaged).toMatchObject({ kind: FailureKind.FAILURE_KIND_BAD_DATA });
  expect(damaged.message).toContain(bad);
  assign(60);
  const missing = await hub.next('failure', (failure) => failure.task?.horizon === 60);
  expect(missing).toMatchObject({ kind: FailureKind.FAILURE_KIND_BAD_DATA });
  expect(missing.message).toMatch(/no target of horizon 60, only 15, 45/);
  assign(45, { overrides: { 'select.nonsense': '1' } });
  const setting = await hub.next('failure', (failure) => failure.task?.horizon === 45);
  expect(setting).toMatchObject({ kind: FailureKind.FAILURE_KIND_BAD_DATA });
  expect(setting.message).toContain('select.nonsense');
});

test('cancels while it computes', async () => {
  start();
  await hub.next('register');
  assign(15, { overrides: ENDLESS });
  await hub.next('progress', (progress) => progress.stage !== 'load');
  const task = { runId: 'r1', pair: 'eurusd', horizon: 15, attempt: 1 };
  hub.send({ $case: 'cancel', value: { task, reason: 'not wanted' } });
  const failure = await hub.next('failure');
  expect(failure.kind).toBe(FailureKind.FAILURE_KIND_CANCELLED);
});

test('the second signal ends it at once', async () => {
  const child = start();
  await hub.next('register');
  assign(15, { overrides: ENDLESS });
  await hub.next('progress', (progress) => progress.stage !== 'load');
  child.kill('SIGTERM');
  assign(45);
  await hub.next('failure', (failure) => failure.kind === FailureKind.FAILURE_KIND_HANDED_BACK);
  child.kill('SIGTERM');
  expect(await exitOf(child)).toBe(130);
});

test('a wrong flag ends with code 2 and says which', async () => {
  const child = start('--memory-limit', 'much');
  let stderr = '';
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  expect(await exitOf(child)).toBe(2);
  expect(stderr).toContain('--memory-limit "much"');
});
