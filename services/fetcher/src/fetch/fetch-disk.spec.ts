import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { canMount, SmallDisk } from '@onescan/process/testing/small-disk.js';
import { expect, it } from 'vitest';
import { DatasetCache } from '../cache/dataset-cache.js';
import { DEFAULT_WAREHOUSE_NAMES as names } from '../catalogue/warehouse-names.js';
import { buildSmallWarehouse } from '../fixtures/small-warehouse.js';
import { JobLog } from '../jobs/job-log.js';
import { planPair } from '../planning/plan-pair.js';
import { EmbeddedWarehouse } from '../warehouse/embedded/embedded-warehouse.js';
import { fetchDataset } from './fetch-dataset.js';

// Shown as skipped where nothing can be mounted.
it.skipIf(!canMount())(
  'a disk that had room and fills up before rows are spooled is named, and nothing is left',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'onescan-fetch-disk-'));
    const disk = new SmallDisk(64);
    await buildSmallWarehouse(join(folder, 'wh'));
    const tempFolder = join(folder, 'tmp');
    const warehouse = new EmbeddedWarehouse({
      folder: join(folder, 'wh'),
      names,
      tempFolder,
      memoryLimit: '512MB',
    });
    try {
      const cache = new DatasetCache(disk.folder);
      const before = readdirSync(disk.folder);
      const jobs = new JobLog(join(folder, 'jobs.jsonl'));
      const spec = resolveRunSpec(RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 4000 } }));
      const planned = await planPair(warehouse, 'eurusd', spec, { names, futurePatterns: [], limits: {} });
      let filled = false;
      const fetching = fetchDataset(
        { warehouse, cache, jobs, pricePerTibUsd: 6.25 },
        {
          planned,
          runId: 'run',
          maximumBytesBilled: planned.statements.map(() => 10n ** 12n),
          signal: new AbortController().signal,
          onProgress: (stage) => {
            if (filled) return;
            expect(stage).toBe('query');
            filled = true;
            disk.fill(0);
          },
        },
      );
      await expect(fetching).rejects.toMatchObject({
        code: 'RESOURCE_EXHAUSTED',
        message: expect.stringContaining(`the disk of ${disk.folder}`),
        remedy: expect.stringContaining('Free space'),
      });
      expect(filled).toBe(true);
      disk.free();
      expect(readdirSync(disk.folder)).toEqual(before);
    } finally {
      await warehouse.close();
      disk.remove();
      rmSync(folder, { recursive: true });
    }
  },
  60_000,
);
