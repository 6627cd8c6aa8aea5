import type {
  FetcherServiceServer,
  FetchPairRequest,
  FetchPairResponse,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { serverStream, unary } from '@onescan/process/grpc/handlers.js';
import { ATTRIBUTE, SPAN } from '@onescan/process/telemetry/attributes.js';
import { contextFromTraceparent, withSpan } from '@onescan/process/telemetry/tracing.js';
import { requireDatasetId, requirePairNames } from './cache/dataset-names.js';
import { estimatePair, estimateShared } from './estimate.js';
import { readFileChunks } from './fetch/read-file-chunks.js';
import type { FetchProgressNow } from './fetch/shared-fetches.js';
import { streamProgress } from './fetch/stream-progress.js';
import type { FetcherServices } from './fetcher-services.js';
import { markRepeatable } from './jobs/repeatable-jobs.js';
import { settleJobs } from './jobs/settle-jobs.js';
import { obtainDataset } from './obtain-dataset.js';

/** The gRPC service over a warehouse, a cache of datasets and a job log. */
export function fetcherService(services: FetcherServices): FetcherServiceServer {
  const { cache, jobs } = services;
  return {
    estimatePair: unary((request, _call, signal) => estimatePair(services, request, signal)),
    estimateShared: unary((request, _call, signal) => estimateShared(services, request, signal)),
    fetchPair: serverStream((request, _call, signal) => fetchPair(services, request, signal)),
    cancelFetch: unary(async ({ datasetId }) => {
      requireDatasetId('dataset_id', datasetId);
      return { running: services.fetches.cancel(datasetId) };
    }),
    listDatasets: unary(() => cache.list()),
    verifyDataset: unary(async (request) => cache.verify(request.datasetId)),
    deleteDataset: unary(async (request) => ({
      bytesFreed: await cache.delete(request.datasetId, request.force),
    })),
    readDataset: serverStream(async function* (request) {
      yield* readFileChunks(cache.find(request.datasetId), request.offset);
    }),
    listQueryJobs: unary(async (request) => {
      await settleJobs(services);
      const listed = jobs.list(request.runId);
      return { jobs: request.checkResults ? await markRepeatable(listed, services.warehouse) : listed };
    }),
  };
}

async function* fetchPair(
  services: FetcherServices,
  request: FetchPairRequest,
  signal: AbortSignal,
): AsyncGenerator<FetchPairResponse, void, undefined> {
  requirePairNames(request);
  let progress = (): FetchProgressNow => ({ stage: 'query', done: 0, total: 0 });
  const attributes = {
    [ATTRIBUTE.runId]: request.runId,
    [ATTRIBUTE.pair]: request.pair,
    [ATTRIBUTE.planHash]: request.planHash,
  };
  const parent = contextFromTraceparent(request.traceparent);
  const work = withSpan(SPAN.fetchPair, { parent, attributes }, async (span) => {
    const ref = await obtainDataset(services, request, signal, (now) => {
      progress = now;
    });
    span.setAttributes({
      [ATTRIBUTE.datasetId]: ref.datasetId,
      [ATTRIBUTE.datasetCached]: ref.cached,
      [ATTRIBUTE.rows]: ref.rows,
      [ATTRIBUTE.columns]: ref.columns,
      [ATTRIBUTE.statements]: ref.statementsRun,
      [ATTRIBUTE.bytesBilled]: Number(ref.bytesBilled),
      [ATTRIBUTE.usd]: ref.usd,
    });
    return ref;
  });
  yield* streamProgress(work, () => progress());
}
