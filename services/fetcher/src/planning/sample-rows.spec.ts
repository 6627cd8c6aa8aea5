import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SampleRows } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { type DeepPartial, RunSpec, SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { FetcherHarness } from '../fixtures/fetcher-harness.js';
import { buildSmallWarehouse, TARGETS } from '../fixtures/small-warehouse.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
process.env.ONESCAN_LOG_LEVEL = 'silent';

/** Targets that are missing here and there, and in a run of their own, with one that is infinite. */
const GAPS = [
  `UPDATE ${TARGETS}.targets_eurusd SET target_bqx45_h15 = NULL WHERE epoch(interval_time) // 60 % 7 = 0`,
  `UPDATE ${TARGETS}.targets_eurusd SET target_bqx45_h105 = 'inf'::DOUBLE WHERE epoch(interval_time) // 60 % 11 = 0`,
];

let folder: string;
let fetcher: FetcherHarness;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-rows-'));
  await buildSmallWarehouse(join(folder, 'wh'), GAPS);
  fetcher = await FetcherHarness.start(join(folder, 'wh'), join(folder, 'cache'));
});
afterAll(async () => {
  await fetcher.stop();
  rmSync(folder, { recursive: true });
});

/** What the rows of a dataset really are, in the same form. */
async function rowsOf(path: string, horizons: readonly number[]): Promise<SampleRows> {
  const dataset = await openDataset(path);
  const { bar } = await dataset.readKeys();
  const persistence = await dataset.readPersistence();
  const usable: SampleRows['usable'] = [];
  for (const horizon of horizons) {
    const target = await dataset.readTarget(horizon);
    const known = await dataset.readKnownPart(horizon);
    const runs = [0];
    bar.forEach((_, row) => {
      const has = [target, persistence, known].every((values) => !values || Number.isFinite(values[row]));
      if (has !== (runs.length % 2 === 1)) runs.push(0);
      runs[runs.length - 1]!++;
    });
    usable.push({ horizon, runs });
  }
  dataset.close();
  return { barSteps: Array.from(bar, (ordinal, row) => ordinal - (bar[row - 1] ?? 0)), usable };
}

it.each<[string, DeepPartial<RunSpec>]>([
  ['a hash sample', { sample: { rows: 700 } }],
  ['whole days', { sample: { rows: 700, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS } }],
  ['all rows of the table, edges with it', { sample: { rows: 1_000_000 } }],
  ['another seed and one horizon', { sample: { rows: 500, seed: 9n }, horizons: [105] }],
])('the rows of %s are told before they are fetched', async (_, changes) => {
  const spec = RunSpec.fromPartial({ pairs: ['eurusd'], horizons: [15, 45, 105], ...changes });
  const request = { spec, pair: 'eurusd', sharedDatasetId: '' };
  const { sampleRows } = await callUnary(fetcher.client, fetcher.client.estimatePair, request);
  const { ref } = await fetcher.fetch(spec, await fetcher.plan(spec));
  expect(sampleRows).toEqual(await rowsOf(ref.path, spec.horizons));
  expect(sampleRows!.usable[0]!.runs.length).toBeGreaterThan(2);
});
