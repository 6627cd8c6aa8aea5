import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { Instruments } from '@onescan/process/metrics/instruments.js';
import { metricTableDoc, prometheusName } from '@onescan/process/metrics/metric-table.js';
import { PROCESS_METRICS } from '@onescan/process/metrics/process-metrics.js';
import { freePort, readScrape } from '@onescan/process/testing/prometheus.js';
import { createNoopMeter } from '@opentelemetry/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FetcherHarness } from '../fixtures/fetcher-harness.js';
import { buildSmallWarehouse } from '../fixtures/small-warehouse.js';
import type { RunningStatement, Statement, Warehouse, WarehouseView } from '../warehouse/warehouse.js';
import { FETCHER_METRICS } from './fetcher-metrics.js';
import { measuredWarehouse } from './measured-warehouse.js';

const SPEC = RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 900 } });
const LIMIT_BYTES = 2 * 1024 ** 3;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-fetcher-metrics-'));
  await buildSmallWarehouse(join(folder, 'wh'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('tells what was fetched, what was there, how long it took and what it takes, by the names of the page', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const flags = ['--metrics-listen', address, '--process-memory', String(LIMIT_BYTES)];
  const fetcher = await FetcherHarness.start(join(folder, 'wh'), join(folder, 'cache'), ...flags);
  try {
    const plan = await fetcher.plan(SPEC);
    const { ref } = await fetcher.fetch(SPEC, plan);
    await fetcher.fetch(SPEC, plan);
    await expect(fetcher.fetch(SPEC, plan, { datasetId: 'f'.repeat(64) })).rejects.toThrow();
    const { of, names } = await readScrape(address);
    expect(of('onescan_fetch_datasets_total{source="fetched"}')).toBe(1);
    expect(of('onescan_fetch_datasets_total{source="cached"}')).toBe(1);
    expect(of('onescan_fetch_failures_total')).toBe(1);
    expect(of('onescan_fetch_rows_total')).toBe(ref.rows);
    expect(of('onescan_fetch_dataset_bytes_total')).toBe(Number(ref.fileBytes));
    expect(of('onescan_fetch_stage_duration_seconds_count{stage="write"}')).toBe(1);
    expect(of('onescan_warehouse_query_duration_seconds_count{outcome="ok"}')).toBe(1);
    expect(of('onescan_warehouse_read_duration_seconds_count{outcome="ok"}')).toBeGreaterThan(0);
    expect(of('onescan_warehouse_dry_run_duration_seconds_count{outcome="ok"}')).toBeGreaterThan(1);
    expect(of('onescan_rpc_duration_seconds_count{method="FetchPair",code="OK"}')).toBe(2);
    expect(of('onescan_cache_disk_bytes')).toBe(Number(ref.fileBytes));
    expect(of('onescan_cache_datasets')).toBe(1);
    expect(of('onescan_process_memory_limit_bytes')).toBe(LIMIT_BYTES);
    const documented = Object.entries({ ...FETCHER_METRICS, ...PROCESS_METRICS }).map(([name, row]) =>
      prometheusName(name, row),
    );
    expect(names.toSorted()).toEqual(documented.toSorted());
  } finally {
    await fetcher.stop();
  }
});

/** A warehouse whose methods read what is private to it, as BigQuery's do. */
class PrivateWarehouse {
  readonly #bytes = 7n;
  dryRun = undefined as unknown;
  view(): WarehouseView {
    return { dryRun: async () => ({ bytes: this.#bytes }) } as unknown as WarehouseView;
  }
  hasResult(): Promise<boolean> {
    return Promise.resolve(this.#bytes === 7n);
  }
  async run(): Promise<RunningStatement> {
    const batches = (async function* () {
      yield { rows: 1 } as never;
    })();
    return { batches, bytesBilled: () => this.#bytes };
  }
}

it('leaves a warehouse what it is', async () => {
  const own = new PrivateWarehouse() as unknown as Warehouse;
  const measured = measuredWarehouse(own, new Instruments(createNoopMeter(), FETCHER_METRICS));
  expect(await measured.hasResult!('job')).toBe(true);
  expect(await measured.view!({}).dryRun({} as Statement)).toEqual({ bytes: 7n });
  const running = await measured.run({} as Statement, {} as never);
  const rows: number[] = [];
  for await (const batch of running.batches) rows.push(batch.rows);
  expect(rows).toEqual([1]);
  expect(running.bytesBilled()).toBe(7n);
  expect(measured.billedBy).toBeUndefined();
});

it('docs/metrics.md holds the table', () => {
  const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  expect(page).toContain(`\n${metricTableDoc(FETCHER_METRICS)}\n\n`);
});
