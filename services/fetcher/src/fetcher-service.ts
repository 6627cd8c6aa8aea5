import {
  type DatasetRef,
  type FetcherServiceServer,
  FetcherServiceService,
  type FetchPairRequest,
  type FetchPairResponse,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { serverStream, unary } from '@onescan/process/grpc/handlers.js';
import { rpcAttributes, rpcStatus } from '@onescan/process/grpc/rpc-span.js';
import { ATTRIBUTE, datasetAttributes, SPAN } from '@onescan/process/telemetry/attributes.js';
import { noteTrace } from '@onescan/process/telemetry/log-trace.js';
import { MOST_SPANS_BYTES } from '@onescan/process/telemetry/otlp-json.js';
import { identityOf } from '@onescan/process/telemetry/span-ids.js';
import { spanTap } from '@onescan/process/telemetry/span-tap.js';
import { StageSpans } from '@onescan/process/telemetry/stage-spans.js';
import { contextFromTraceparent, withSpan } from '@onescan/process/telemetry/tracing.js';
import { context, SpanKind } from '@opentelemetry/api';
import { requireDatasetId, requirePairNames } from './cache/dataset-names.js';
import { estimatePair, estimateShared } from './estimate.js';
import { readFileChunks } from './fetch/read-file-chunks.js';
import type { FetchProgressNow } from './fetch/shared-fetches.js';
import { streamProgress } from './fetch/stream-progress.js';
import type { FetcherServices } from './fetcher-services.js';
import { markRepeatable } from './jobs/repeatable-jobs.js';
import { settleJobs } from './jobs/settle-jobs.js';
import { obtainDataset } from './obtain-dataset.js';

/** Jobs that a span names. */
const MOST_JOBS = 20;

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
  noteTrace(request.runId, request.traceparent);
  let progress = (): FetchProgressNow => ({ stage: 'query', done: 0, total: 0 });
  const attributes = {
    [ATTRIBUTE.runId]: request.runId,
    [ATTRIBUTE.pair]: request.pair,
    [ATTRIBUTE.planHash]: request.planHash,
  };
  const ofCall = rpcAttributes(FetcherServiceService.fetchPair.path);
  const parent = contextFromTraceparent(request.traceparent);
  const isLeft = (): boolean => signal.aborted;
  const options = { parent, attributes: { ...attributes, ...ofCall }, kind: SpanKind.SERVER, isLeft };
  const work = withSpan(SPAN.fetchPair, options, async (span) => {
    const stages = new StageSpans();
    const report = (now: () => FetchProgressNow): void => {
      progress = now;
    };
    const hooks = { report, enter: (stage: string) => stages.enter(stage) };
    const ref = await obtainDataset(services, request, signal, hooks).catch((thrown: unknown) => {
      if (signal.aborted) stages.drop();
      else stages.end(context.active(), attributes, thrown);
      services.measured?.failed();
      throw thrown;
    });
    const made = { ...datasetAttributes(ref), [ATTRIBUTE.jobs]: jobIdsOf(services, request, ref) };
    const timed = stages.end(context.active(), { ...attributes, ...made });
    services.measured?.got(ref, timed);
    span.setAttributes({ ...made, ...rpcStatus('OK') });
    return ref;
  });
  for await (const response of streamProgress(work, () => progress())) {
    if (response.message?.$case === 'dataset') yield* spansOf(request);
    yield response;
  }
}

/** The jobs of the warehouse that a dataset was made by. */
function jobIdsOf(
  { jobs }: FetcherServices,
  { runId }: FetchPairRequest,
  { datasetId }: DatasetRef,
): string[] {
  const made = jobs.list(runId).filter((job) => job.datasetId === datasetId && job.purpose === 'fetch');
  return made.slice(-MOST_JOBS).map(({ jobId }) => jobId);
}

/** What there is of the request's trace, unless it is more than a message may hold. */
function* spansOf({ traceparent }: FetchPairRequest): Generator<FetchPairResponse> {
  const spans = spanTap.take(identityOf(traceparent)?.traceId ?? '');
  const isSendable = spans.length > 0 && spans.length <= MOST_SPANS_BYTES;
  if (isSendable) yield { message: { $case: 'spans', value: Buffer.from(spans) } };
}
