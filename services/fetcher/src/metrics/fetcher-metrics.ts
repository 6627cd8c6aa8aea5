import { FetcherServiceService } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { MetricTable } from '@onescan/process/metrics/metric-table.js';
import { servedRow } from '@onescan/process/metrics/rpc-metrics.js';

/** Stages of a fetch. */
export const FETCH_STAGES = ['query', 'spool', 'derive', 'write', 'verify'] as const;

/** Seconds: from what an embedded warehouse takes to what BigQuery may. */
const SECONDS = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800];

/** The same for one answer of a warehouse. */
const ANSWER_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120];

const OUTCOME = { outcome: ['ok', 'failed'] } as const;

/** Every metric of the fetcher, beside those of each process; docs/metrics.md holds the same table. */
export const FETCHER_METRICS = {
  ...servedRow(FetcherServiceService),
  'onescan.fetch.datasets': {
    kind: 'counter',
    unit: '{dataset}',
    doc: 'datasets that callers got: fetched for them, made of a larger one, or there already (a cache hit)',
    attributes: { source: ['fetched', 'derived', 'cached'] },
  },
  'onescan.fetch.failures': { kind: 'counter', unit: '{dataset}', doc: 'datasets that callers did not get' },
  'onescan.fetch.stage.duration_seconds': {
    kind: 'histogram',
    unit: 's',
    doc: 'stages of the datasets that were made',
    attributes: { stage: FETCH_STAGES },
    buckets: SECONDS,
  },
  'onescan.fetch.rows': { kind: 'counter', unit: '{row}', doc: 'rows of the datasets that were fetched' },
  'onescan.fetch.dataset_bytes': {
    kind: 'counter',
    unit: 'By',
    doc: 'bytes of the files of the datasets that were fetched',
  },
  'onescan.warehouse.dry_run.duration_seconds': {
    kind: 'histogram',
    unit: 's',
    doc: 'dry runs, by which statements are planned; those that the warehouse refuses are `failed`',
    attributes: OUTCOME,
    buckets: ANSWER_SECONDS,
  },
  'onescan.warehouse.query.duration_seconds': {
    kind: 'histogram',
    unit: 's',
    doc: 'from when a statement is sent to its first rows',
    attributes: OUTCOME,
    buckets: SECONDS,
  },
  'onescan.warehouse.read.duration_seconds': {
    kind: 'histogram',
    unit: 's',
    doc: 'how long the next rows of a result took to come: with BigQuery, of the Storage Read API',
    attributes: OUTCOME,
    buckets: ANSWER_SECONDS,
  },
  'onescan.cache.disk_bytes': { kind: 'gauge', unit: 'By', doc: 'bytes of the datasets in the cache folder' },
  'onescan.cache.datasets': { kind: 'gauge', unit: '{dataset}', doc: 'datasets in the cache folder' },
  'onescan.cache.disk.free_bytes': {
    kind: 'gauge',
    unit: 'By',
    doc: 'room on the disk of the cache folder',
  },
} as const satisfies MetricTable;
