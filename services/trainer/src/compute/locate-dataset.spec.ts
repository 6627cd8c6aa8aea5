import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { SHARED_PAIR } from '@onescan/dataset/dataset.js';
import { sharedDatasetPath } from '@onescan/dataset/open-dataset.js';
import { writeArrayDataset } from '@onescan/dataset/write-array-dataset.js';
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ScriptedFetcher } from '../testing/scripted-fetcher.js';
import { loadPair } from './load-pair.js';
import { locateDataset } from './locate-dataset.js';

const ROWS = 600;
const folder = mkdtempSync(join(tmpdir(), 'onescan-locate-'));
const path = join(folder, 'eurusd.duckdb');
let fetcher: ScriptedFetcher;

beforeAll(async () => {
  const column = (value: (row: number) => number): number[] =>
    Array.from({ length: ROWS }, (_, row) => value(row));
  const time = column((row) => Date.UTC(2024, 0, 1) + row * 60_000);
  const shared = sharedDatasetPath(path, 'shared-id');
  const csi = { featureId: 'csi_usd.strength', group: 'csi' };
  await writeArrayDataset(shared, {
    datasetId: 'shared-id',
    pair: SHARED_PAIR,
    targetWindow: 0,
    time,
    bar: [],
    persistence: [],
    targets: new Map(),
    features: [{ ...csi, values: column((row) => row % 50) }],
  });
  await writeArrayDataset(path, {
    datasetId: 'pair-id',
    pair: 'eurusd',
    targetWindow: 45,
    time,
    bar: column((row) => row),
    persistence: column((row) => Math.sin(row)),
    targets: new Map([[60, column((row) => Math.cos(row))]]),
    features: [{ featureId: 'mom_eurusd.roc', group: 'pair', values: column((row) => row % 7) }],
    shared: { path: shared, features: [csi] },
  });
  fetcher = await ScriptedFetcher.start(readFileSync(path));
  fetcher.files.set('shared-id', readFileSync(shared));
});
afterAll(async () => {
  await fetcher.stop();
  rmSync(folder, { recursive: true });
});

test('downloads a dataset with the shared one that it refers to, and both are loaded as one matrix', async () => {
  const downloadFolder = join(folder, 'copies');
  const dataset = DatasetRef.fromPartial({
    datasetId: 'pair-id',
    path: '/nowhere',
    shared: { datasetId: 'shared-id' },
  });
  const request = { dataset, fetcherAddress: fetcher.address, downloadFolder };
  const copy = await locateDataset(request, () => false);
  expect(readdirSync(downloadFolder).sort()).toEqual(['pair-id.duckdb', 'shared-shared-id.duckdb']);
  const pair = await loadPair({
    path: copy,
    datasetId: 'pair-id',
    pair: 'eurusd',
    config: resolveLearnConfig('quick', {}),
    memoryLimitBytes: 2 ** 30,
    admit: (_, columns) => expect(columns).toBe(2),
    isCancelled: () => false,
  });
  expect(pair.included.map(({ featureId }) => featureId)).toEqual(['mom_eurusd.roc', 'csi_usd.strength']);
  expect(new Set(pair.matrix.readColumn(1)).size).toBe(50);
});
