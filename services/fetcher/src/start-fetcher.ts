import { join } from 'node:path';
import { FetcherServiceService } from '@onescan/shared/generated/onescan/v1/fetcher.js';
import { startServer } from '@onescan/shared/grpc/start-server.js';
import type { Logger } from '@onescan/shared/log.js';
import { DatasetCache } from './cache/dataset-cache.js';
import { SharedFetches } from './fetch/shared-fetches.js';
import type { FetcherOptions } from './fetcher-options.js';
import { fetcherService } from './fetcher-service.js';
import { JobLog } from './jobs/job-log.js';
import { EmbeddedWarehouse } from './warehouse/embedded/embedded-warehouse.js';

const JOB_LOG_FILE = 'jobs.jsonl';

export interface RunningFetcher {
  /** "host:port". */
  readonly address: string;
  /** Takes no new calls, lets running fetches end within the grace period, then cancels them. */
  drain(graceMs: number): Promise<void>;
}

/**
 * Starts the fetcher's gRPC server.
 *
 * @throws OnescanError NOT_FOUND when there is no warehouse, UNAVAILABLE when the port is taken
 */
export async function startFetcher(options: FetcherOptions, log: Logger): Promise<RunningFetcher> {
  const cache = new DatasetCache(options.cache);
  const warehouse = new EmbeddedWarehouse({
    folder: options.warehouse,
    names: options.names,
    tempFolder: join(cache.folder, `.duckdb-tmp-${process.pid}`),
    memoryLimit: options.memoryLimit,
  });
  const torn = cache.removeTorn();
  if (torn.length > 0) log.warn({ torn }, 'removed what an interrupted fetch had left');
  const fetches = new SharedFetches(options.maxFetches);
  const service = fetcherService({
    warehouse,
    cache,
    fetches,
    jobs: new JobLog(join(cache.folder, JOB_LOG_FILE)),
    pricePerTibUsd: options.pricePerTibUsd,
    rules: {
      names: options.names,
      futurePatterns: options.futurePatterns,
      ...(options.sqlStrategy ? { sqlStrategy: options.sqlStrategy } : {}),
    },
  });
  const server = await startServer({
    listen: options.listen,
    register: (grpc) => grpc.addService(FetcherServiceService, service),
    healthNames: ['onescan.v1.FetcherService'],
  });
  log.info(
    { address: server.address, warehouse: options.warehouse, cache: cache.folder },
    'the fetcher listens',
  );
  return {
    address: server.address,
    drain: async (graceMs) => {
      await server.shutdown(graceMs);
      await fetches.cancelAll();
      await warehouse.close();
    },
  };
}
