import { join } from 'node:path';
import { FetcherServiceService } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { type FolderLock, lockFolder } from '@onescan/dataset/folder-lock.js';
import { requireNoLink } from '@onescan/dataset/no-links.js';
import { auditGuard, auditRefusal } from '@onescan/process/audit/audit-guard.js';
import { AuditLog } from '@onescan/process/audit/audit-log.js';
import { readGrantKey } from '@onescan/process/fetch-grant.js';
import { guardedService } from '@onescan/process/grpc/guard/guarded-service.js';
import { serverSecurity } from '@onescan/process/grpc/service-security.js';
import { type RunningServer, type ServerOptions, startServer } from '@onescan/process/grpc/start-server.js';
import type { Logger } from '@onescan/process/log.js';
import { PROCESS_METRICS, recordProcess } from '@onescan/process/metrics/process-metrics.js';
import { measureServed } from '@onescan/process/metrics/rpc-metrics.js';
import { startMetrics } from '@onescan/process/metrics/start-metrics.js';
import { DatasetCache } from './cache/dataset-cache.js';
import { CoveringDatasets } from './deriving/covering-datasets.js';
import { FetchGrants } from './fetch/fetch-grants.js';
import { SharedFetches } from './fetch/shared-fetches.js';
import { FETCHER_AUDIT } from './fetcher-audit.js';
import { DATASETS_LIMITS, FETCHER_LIMITS } from './fetcher-limits.js';
import type { FetcherOptions } from './fetcher-options.js';
import { fetcherService } from './fetcher-service.js';
import { JobLog } from './jobs/job-log.js';
import { noteMetadataQuery } from './jobs/metadata-bill.js';
import { MemoryWatch } from './memory-watch.js';
import { FetchMetrics, recordCache } from './metrics/fetch-metrics.js';
import { FETCHER_METRICS } from './metrics/fetcher-metrics.js';
import { measuredWarehouse } from './metrics/measured-warehouse.js';
import { KnownSplits } from './planning/known-splits.js';

const JOB_LOG_FILE = 'jobs.jsonl';
const KNOWN_SPLITS_FILE = 'known-splits.json';
/** What trainers call, of the whole service. */
const DATASETS_SERVICE = { readDataset: FetcherServiceService.readDataset };

export interface RunningFetcher {
  /** "host:port". */
  readonly address: string;
  /** "host:port" that serves datasets alone. */
  readonly datasets?: string;
  /** Takes no new calls, lets running fetches end within the grace period, then cancels them. */
  drain(graceMs: number): Promise<void>;
}

/**
 * Starts the fetcher's gRPC server.
 *
 * @throws OnescanError NOT_FOUND when there is no warehouse, FAILED_PRECONDITION when the cache folder is in
 *   use or cannot be written, UNAVAILABLE when the port is taken
 */
export async function startFetcher(options: FetcherOptions, log: Logger): Promise<RunningFetcher> {
  const key = options.grantKey === undefined ? undefined : readGrantKey(options.grantKey);
  let jobs: JobLog | undefined;
  const metrics = await startMetrics('onescan-fetcher', options.metricsListen, log);
  const instruments = metrics.instruments(FETCHER_METRICS);
  const opened = await options.warehouse.open({
    names: options.names,
    tempFolder: join(options.cache, `.duckdb-tmp-${process.pid}`),
    memoryLimit: options.memoryLimit,
    onMetadata: (query) => {
      if (jobs) noteMetadataQuery(jobs, query, options.pricePerTibUsd);
    },
  });
  const warehouse = metrics.isRead ? measuredWarehouse(opened, instruments) : opened;
  const lock = await lockCache(options.cache);
  const cache = new DatasetCache(options.cache);
  for (const name of [JOB_LOG_FILE, KNOWN_SPLITS_FILE]) requireNoLink(join(cache.folder, name));
  jobs = new JobLog(join(cache.folder, JOB_LOG_FILE));
  const torn = cache.removeTorn();
  if (torn.length > 0) log.warn({ torn }, 'removed what an interrupted fetch had left');
  const fetches = new SharedFetches({ limit: options.maxFetches, orphanGraceMs: options.orphanGraceMs });
  const memory = new MemoryWatch({
    limitBytes: options.processMemoryBytes,
    onExceeded: (error) => {
      const ended = fetches.abortAll(error);
      if (ended > 0) log.error({ ended, reason: error.text }, 'out of memory, giving up the running fetches');
    },
  });
  if (metrics.isRead) {
    recordCache(instruments, cache);
    recordProcess(metrics.instruments(PROCESS_METRICS), () => options.processMemoryBytes);
  }
  const known = new KnownSplits({
    warehouse: warehouse.name,
    path: join(cache.folder, KNOWN_SPLITS_FILE),
    onProblem: (problem) => log.warn({ problem }, 'known splits'),
  });
  const service = fetcherService({
    warehouse,
    cache,
    covering: new CoveringDatasets(cache),
    fetches,
    ...(key ? { grants: new FetchGrants(key) } : {}),
    jobs,
    ...(metrics.isRead ? { measured: new FetchMetrics(instruments) } : {}),
    pricePerTibUsd: options.pricePerTibUsd,
    rules: {
      names: options.names,
      futurePatterns: options.futurePatterns,
      known,
      pricePerTibUsd: options.pricePerTibUsd,
      limits: { columns: options.statementColumns, tables: options.statementTables },
      ...(options.sqlStrategy ? { sqlStrategy: options.sqlStrategy } : {}),
    },
  });
  const security = serverSecurity(options, log);
  const audit = new AuditLog(cache.folder);
  const { tls, access } = security;
  const interceptors = [...measureServed(metrics, FETCHER_METRICS), auditGuard(audit, FETCHER_AUDIT)];
  const serve = (listen: string, register: ServerOptions['register']): Promise<RunningServer> =>
    startServer({
      listen,
      ...(tls ? { tls } : {}),
      ...(access ? { access } : {}),
      onRefused: auditRefusal(audit, FETCHER_AUDIT),
      interceptors,
      register,
      healthNames: ['onescan.v1.FetcherService'],
    });
  const server = await serve(options.listen, (grpc) =>
    grpc.addService(guardedService(FetcherServiceService, FETCHER_LIMITS), service),
  );
  const datasets =
    options.datasetsListen === undefined
      ? undefined
      : await serve(options.datasetsListen, (grpc) =>
          grpc.addService(guardedService(DATASETS_SERVICE, DATASETS_LIMITS), {
            readDataset: service.readDataset,
          }),
        );
  log.info(
    {
      address: server.address,
      ...(datasets ? { datasets: datasets.address } : {}),
      warehouse: options.warehouse.address,
      cache: cache.folder,
    },
    'the fetcher listens',
  );
  if (!key) log.warn('fetches are not checked for an approval: --grant-key is not given');
  return {
    address: server.address,
    ...(datasets ? { datasets: datasets.address } : {}),
    drain: async (graceMs) => {
      await Promise.all([server.shutdown(graceMs), datasets?.shutdown(graceMs)]);
      // Beside the rest: a collector that is away holds nothing up.
      const measured = metrics.close();
      await fetches.cancelAll();
      await warehouse.close();
      memory.stop();
      security.close();
      audit.close();
      log.info({ peakRssBytes: memory.peakBytes }, 'stopped');
      await measured;
      lock.release();
    },
  };
}

/**
 * Takes a cache folder. Two fetchers on one folder would pay twice for the same dataset and take each other's
 * unfinished files for torn ones.
 *
 * @throws OnescanError FAILED_PRECONDITION when another process has the folder, or it cannot be written
 */
function lockCache(folder: string): Promise<FolderLock> {
  return lockFolder(folder, {
    what: 'cache folder',
    inUse: {
      code: 'FAILED_PRECONDITION',
      remedy: 'Stop the other fetcher, or give this one another --cache folder',
    },
    unwritable: 'Give the fetcher a folder that it may write to, with room for datasets',
  });
}
