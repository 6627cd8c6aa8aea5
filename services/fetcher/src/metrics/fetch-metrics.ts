import { statfsSync } from 'node:fs';
import type { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { Instruments } from '@onescan/process/metrics/instruments.js';
import type { TimedStage } from '@onescan/process/telemetry/stage-spans.js';
import type { DatasetCache } from '../cache/dataset-cache.js';
import { FETCH_STAGES, type FETCHER_METRICS } from './fetcher-metrics.js';

type Measured = Instruments<typeof FETCHER_METRICS>;

/** Counts what became of a request for a dataset; called in its span. */
export class FetchMetrics {
  readonly #instruments: Measured;

  constructor(instruments: Measured) {
    this.#instruments = instruments;
  }

  /** A caller got a dataset, by these stages that its request began. */
  got(ref: DatasetRef, stages: readonly TimedStage[]): void {
    const isDerived = stages.some(({ name }) => name === 'derive');
    const source = !ref.cached ? 'fetched' : isDerived ? 'derived' : 'cached';
    this.#instruments.add('onescan.fetch.datasets', 1, { source });
    if (source === 'fetched') {
      this.#instruments.add('onescan.fetch.rows', ref.rows);
      this.#instruments.add('onescan.fetch.dataset_bytes', Number(ref.fileBytes));
    }
    for (const stage of FETCH_STAGES) {
      const spent = stages.filter(({ name }) => name === stage);
      if (spent.length === 0) continue;
      const seconds = spent.reduce((sum, each) => sum + each.seconds, 0);
      this.#instruments.record('onescan.fetch.stage.duration_seconds', seconds, { stage });
    }
  }

  failed(): void {
    this.#instruments.add('onescan.fetch.failures', 1);
  }
}

/** Measures the folder of datasets each time that somebody looks. */
export function recordCache(instruments: Measured, cache: Pick<DatasetCache, 'folder' | 'sizes'>): void {
  instruments.observe('onescan.cache.disk_bytes', () => [
    [cache.sizes().reduce((sum, size) => sum + size, 0)],
  ]);
  instruments.observe('onescan.cache.datasets', () => [[cache.sizes().length]]);
  instruments.observe('onescan.cache.disk.free_bytes', () => {
    const { bavail, bsize } = statfsSync(cache.folder);
    return [[bavail * bsize]];
  });
}
