import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DatasetCache } from './cache/dataset-cache.js';
import { DEFAULT_WAREHOUSE_NAMES as names } from './catalogue/warehouse-names.js';
import { CoveringDatasets } from './deriving/covering-datasets.js';
import { estimatePair, estimateShared } from './estimate.js';
import { SharedFetches } from './fetch/shared-fetches.js';
import { buildSmallWarehouse } from './fixtures/small-warehouse.js';
import { JobLog } from './jobs/job-log.js';
import { EmbeddedWarehouse } from './warehouse/embedded/embedded-warehouse.js';
import type { Statement, StatementEstimate } from './warehouse/warehouse.js';

/** Calls its estimates what BigQuery calls those of statements over clustered tables. */
class UnsureWarehouse extends EmbeddedWarehouse {
  override async dryRun(statement: Statement): Promise<StatementEstimate> {
    return { ...(await super.dryRun(statement)), accuracy: 'LOWER_BOUND' };
  }
}

let folder: string;
let warehouse: EmbeddedWarehouse;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-estimate-'));
  await buildSmallWarehouse(folder);
  warehouse = new UnsureWarehouse({ folder, names, tempFolder: join(folder, 'tmp'), memoryLimit: '512MB' });
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true });
});

it('an estimate that is no bound is noted in the plans of pairs and of what they share', async () => {
  const cache = new DatasetCache(join(folder, 'cache'));
  const services = {
    warehouse,
    cache,
    covering: new CoveringDatasets(cache),
    jobs: new JobLog(join(folder, 'jobs.jsonl')),
    fetches: new SharedFetches({ limit: 1, orphanGraceMs: 0 }),
    pricePerTibUsd: 6.25,
    rules: { names, futurePatterns: [] },
  };
  const spec = RunSpec.fromPartial({ pairs: ['eurusd', 'gbpusd'], sample: { rows: 900 } });
  const { signal } = new AbortController();
  const pair = await estimatePair(services, { spec, pair: 'eurusd', sharedDatasetId: '' }, signal);
  const shared = await estimateShared(services, { spec }, signal);
  for (const plan of [pair.plan, shared.plan]) {
    const noted = plan!.notes.filter(({ kind }) => kind === 'estimate is no bound');
    expect(noted).toMatchObject([{ why: { facts: { accuracy: 'LOWER_BOUND' } } }]);
  }
});
