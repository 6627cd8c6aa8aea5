import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { FailureKind } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { ScriptedHub } from '../testing/scripted-hub.js';
import { testAssignment } from '../testing/test-assignment.js';
import { killProcess, startTrainerProcess } from '../testing/trainer-process.js';
import { type WideDatasetOptions, writeWideDataset } from '../testing/wide-dataset.js';

const GIB = 1024 ** 3;
const SMALL_LIMIT = 1.5 * GIB;
const HORIZONS = [15, 60];

const folder = mkdtempSync(join(tmpdir(), 'onescan-full-width-'));
let hub: ScriptedHub;
let trainer: ChildProcess | undefined;

afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  hub = await ScriptedHub.start();
});
afterEach(async () => {
  if (trainer) await killProcess(trainer);
  await hub.stop();
});

async function startTrainer(limit: string): Promise<void> {
  const started = startTrainerProcess(hub.address, ['--memory-limit', limit]);
  trainer = started;
  const ended = once(started, 'exit').then(([code]) => Promise.reject(new Error(`ended with ${code}`)));
  await Promise.race([hub.next('register'), ended]);
  ended.catch(() => undefined);
}

/** Writes a dataset and returns its path. */
async function dataset(size: Omit<WideDatasetOptions, 'horizons'>): Promise<string> {
  const path = join(folder, `${size.rows}x${size.columns}.duckdb`);
  await writeWideDataset(path, { ...size, horizons: HORIZONS });
  return path;
}

function assign(
  path: string,
  size: Omit<WideDatasetOptions, 'horizons'>,
  preset: string,
  horizon: number,
): void {
  const { dataset: file, ...rest } = testAssignment({ preset });
  const task = { runId: 'r1', pair: 'eurusd', horizon, attempt: 1 };
  const held = { ...file, ...size, datasetId: 'wide-dataset', path };
  hub.send({ $case: 'assign', value: { ...rest, task, dataset: held } });
}

async function results(count: number) {
  await hub.until(() => hub.of('result').length === count || hub.of('failure').length > 0);
  expect(hub.of('failure').map((failure) => failure.message)).toEqual([]);
  return hub.of('result');
}

test('80,000 rows x 6,484 columns under 8 GB, the peak recorded with each result', async () => {
  const size = { rows: 80_000, columns: 6_484 };
  const path = await dataset(size);
  await startTrainer('8GB');
  for (const horizon of HORIZONS) assign(path, size, 'standard', horizon);
  const done = await results(HORIZONS.length);
  for (const { stats, result } of done) {
    // Products that were retained have rows of their own.
    expect(result!.ledger.filter(({ group }) => group !== 'products')).toHaveLength(size.columns);
    expect(stats!.memoryLimitBytes).toBe(8_000_000_000n);
    expect(stats!.peakRssBytes).toBeGreaterThan(BigInt(size.rows * size.columns));
    expect(stats!.peakRssBytes).toBeLessThan(4n * BigInt(GIB));
    console.log(`standard, horizon ${result!.summary!.horizon}: peak ${formatBytes(stats!.peakRssBytes)}`);
  }
});

test('1.5 GiB: a dataset larger than that is learned', async () => {
  await startTrainer('1.5GiB');
  const narrow = { rows: 500_000, columns: 1_000 };
  const learned = await dataset(narrow);
  expect(statSync(learned).size).toBeGreaterThan(1.2 * SMALL_LIMIT);
  assign(learned, narrow, 'quick', 15);
  const [result] = await results(1);
  expect(result!.stats!.peakRssBytes).toBeLessThan(BigInt(SMALL_LIMIT));
  console.log(`${formatBytes(statSync(learned).size)}: peak ${formatBytes(result!.stats!.peakRssBytes)}`);
  rmSync(learned);
});

test('1.5 GiB: a dataset of three times the size is refused with the arithmetic, before it is read', async () => {
  await startTrainer('1.5GiB');
  const wide = { rows: 130_000, columns: 9_400 };
  const refused = await dataset(wide);
  expect(statSync(refused).size).toBeGreaterThan(3 * SMALL_LIMIT);
  assign(refused, wide, 'quick', 60);
  const failure = await hub.next('failure');
  const { peakRssBytes } = hub.of('heartbeat').at(-1)!;
  expect(peakRssBytes).toBeLessThan(BigInt(SMALL_LIMIT / 3));
  expect(failure.kind).toBe(FailureKind.FAILURE_KIND_DOES_NOT_FIT);
  expect(failure.message).toMatch(
    /130000 rows x 9400 columns need .*, the limit is 1.50 GiB: process .*bins/,
  );
});
