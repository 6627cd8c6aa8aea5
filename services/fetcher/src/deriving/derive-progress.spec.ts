import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { canMount, SmallDisk } from '@onescan/process/testing/small-disk.js';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { DatasetCache } from '../cache/dataset-cache.js';
import { FetcherHarness } from '../fixtures/fetcher-harness.js';
import { buildSmallWarehouse } from '../fixtures/small-warehouse.js';
import { deriveDataset } from './derive-dataset.js';
import { readHeldDataset } from './held-dataset.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // generous: the machine may be busy
process.env.ONESCAN_LOG_LEVEL = 'silent';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-progress-'));
  await buildSmallWarehouse(join(folder, 'wh'));
  const fetcher = await FetcherHarness.start(join(folder, 'wh'), join(folder, 'cache'));
  const spec = RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 500 } });
  path = (await fetcher.fetch(spec, await fetcher.plan(spec))).ref.path;
  await fetcher.stop();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function order() {
  const held = (await readHeldDataset(path))!;
  const { sample } = held.identity;
  const [source] = sample.sources;
  return { held, wanted: { ...held.identity, sample: { ...sample, sources: [{ ...source!, rows: 300 }] } } };
}

it('reports what it takes over, writes and reads back', async () => {
  const stages: string[] = [];
  const cache = new DatasetCache(join(folder, 'progress'));
  const signal = new AbortController().signal;
  const onProgress = (stage: string, done: number, total: number): void => {
    expect(done).toBeLessThanOrEqual(total);
    if (stages.at(-1) !== stage) stages.push(stage);
  };
  const { path: made } = await deriveDataset(cache, { ...(await order()), signal, onProgress });
  expect(stages).toEqual(['derive', 'write', 'verify']);
  expect((await cache.describe(made)).ref.rows).toBe(300);
});

it('leaves nothing when it is given up', async () => {
  const cache = new DatasetCache(join(folder, 'given-up'));
  const abort = new AbortController();
  const onProgress = (): void => abort.abort();
  const given = { ...(await order()), signal: abort.signal, onProgress };
  await expect(deriveDataset(cache, given)).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(readdirSync(cache.folder)).toEqual([]);
});

// Shown as skipped where nothing can be mounted.
it.skipIf(!canMount())('is refused without room on the disk', async () => {
  const disk = new SmallDisk(64);
  try {
    const cache = new DatasetCache(disk.folder);
    const before = readdirSync(disk.folder);
    const signal = new AbortController().signal;
    disk.fill(0);
    const refused = deriveDataset(cache, { ...(await order()), signal, onProgress: () => undefined });
    await expect(refused).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining(disk.folder),
    });
    disk.free();
    expect(readdirSync(disk.folder)).toEqual(before);
  } finally {
    disk.remove();
  }
});
