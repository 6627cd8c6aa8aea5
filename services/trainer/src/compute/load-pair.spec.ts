import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatasetMeta } from '@onescan/dataset/dataset.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTestDataset } from '../testing/test-dataset.js';
import { classifyFailure } from './classify-failure.js';
import { type LoadOptions, loadPair } from './load-pair.js';

const folder = mkdtempSync(join(tmpdir(), 'onescan-load-'));
const path = join(folder, 'pair.duckdb');
const config = resolveLearnConfig('quick', { 'binning.bins': '16' });

beforeAll(() => writeTestDataset(path));
afterAll(() => rmSync(folder, { recursive: true }));

function options(more: Partial<LoadOptions> = {}): LoadOptions {
  return {
    path,
    datasetId: 'test-dataset',
    pair: 'eurusd',
    config,
    memoryLimitBytes: 2 ** 30,
    admit: () => undefined,
    isCancelled: () => false,
    ...more,
  };
}

test('holds every included column as bins, in the order of the file', async () => {
  const pair = await loadPair(options());
  expect(pair.matrix).toMatchObject({ rows: 2000, columns: 17, bins: 16 });
  expect(pair.included.map((column) => column.featureId)).toContain('signal.next');
  expect(pair.columns).toHaveLength(19);
  expect(pair.matrix.readColumn(14)).toEqual(new Uint8Array(2000));
  const dataset = await openDataset(path);
  const bins = pair.matrix.readColumn(16);
  const bounds = pair.matrix.bounds(16);
  await dataset.readFeatures((position, values) => {
    if (position !== 16) return;
    for (const row of [0, 999, 1999]) {
      const above = bounds.filter((bound) => values[row]! > bound).length;
      expect(bins[row]).toBe(above + 1);
    }
  });
  dataset.close();
});

test('has the targets of all horizons and the known part where they overlap', async () => {
  const pair = await loadPair(options());
  expect([...pair.targets.keys()]).toEqual([15, 45]);
  expect(pair.targets.get(15)?.knownPart).toHaveLength(2000);
  expect(pair.targets.get(45)?.knownPart).toBeNull();
  expect(pair.bar[0]).toBe(45);
  expect(pair.persistence).toHaveLength(2000);
});

test('progress goes to the end', async () => {
  const seen: number[] = [];
  await loadPair(options({ onProgress: (fraction) => seen.push(fraction) }));
  expect(seen).toHaveLength(17);
  expect(seen.at(-1)).toBe(1);
});

test('admission is asked with the true size before anything is allocated', async () => {
  const admit = ({ rows }: DatasetMeta, columns: number): never => {
    throw new Error(`${rows} x ${columns} refused`);
  };
  await expect(loadPair(options({ admit }))).rejects.toThrow('2000 x 17 refused');
});

test('WebAssembly memory cannot grow beyond the limit', async () => {
  const loading = loadPair(options({ memoryLimitBytes: 100_000 }));
  const thrown = await loading.catch((error: unknown) => error);
  expect(classifyFailure(thrown)).toMatchObject({ failure: 'OUT_OF_MEMORY' });
  expect(String(thrown)).toMatch(/needs \d+ bytes/);
});

test('stops between columns when cancelled', async () => {
  let looks = 0;
  const isCancelled = (): boolean => ++looks > 3;
  await expect(loadPair(options({ isCancelled }))).rejects.toThrow(/cancelled during load/);
  expect(looks).toBe(4);
});

test('another dataset or pair under the path is refused', async () => {
  await expect(loadPair(options({ datasetId: 'other' }))).rejects.toThrow(
    /holds dataset test-dataset, not other/,
  );
  await expect(loadPair(options({ pair: 'usdjpy' }))).rejects.toThrow(/is of eurusd, not usdjpy/);
});

test('a file that is no dataset is refused by name', async () => {
  const bad = join(folder, 'bad.duckdb');
  writeFileSync(bad, 'no database');
  await expect(loadPair(options({ path: bad }))).rejects.toThrow(/bad\.duckdb/);
});
