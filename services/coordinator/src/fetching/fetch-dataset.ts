import type {
  DatasetRef,
  FetcherServiceClient,
  FetchPairRequest,
  FetchProgress,
} from '@onescan/shared/generated/onescan/v1/fetcher.js';
import { callServerStream, callUnary } from '@onescan/shared/grpc/client.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';

/** Waits before asking a fetcher again that could not be reached, in milliseconds. */
export const FETCH_RETRY_WAITS_MS: readonly number[] = [500, 1_000, 2_000, 4_000, 8_000];

export interface FetchHooks {
  signal: AbortSignal;
  retryWaitsMs: readonly number[];
  onProgress(progress: FetchProgress): void;
  onRetry(error: OnescanError, waitMs: number): void;
}

/**
 * Has a pair's dataset fetched. A fetcher that cannot be reached is asked again, which costs nothing: it
 * answers from its cache or joins the fetch under way.
 *
 * @throws OnescanError as the fetcher sends it; FAILED_PRECONDITION when it delivers another dataset than
 *   the plan's
 */
export async function fetchDataset(
  fetcher: FetcherServiceClient,
  request: FetchPairRequest,
  hooks: FetchHooks,
): Promise<DatasetRef> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await fetchOnce(fetcher, request, hooks);
    } catch (thrown) {
      const error = OnescanError.from(thrown);
      const waitMs = hooks.retryWaitsMs[attempt];
      if (error.code !== 'UNAVAILABLE' || waitMs === undefined || hooks.signal.aborted) throw error;
      hooks.onRetry(error, waitMs);
      await wait(waitMs, hooks.signal);
    }
  }
}

async function fetchOnce(
  fetcher: FetcherServiceClient,
  request: FetchPairRequest,
  hooks: FetchHooks,
): Promise<DatasetRef> {
  let dataset: DatasetRef | undefined;
  const responses = callServerStream(fetcher, fetcher.fetchPair, request, { signal: hooks.signal });
  for await (const { message } of responses) {
    if (message?.$case === 'progress') hooks.onProgress(message.value);
    if (message?.$case === 'dataset') dataset = message.value;
  }
  if (!dataset) throw new OnescanError('DATA_LOSS', `the fetcher ended without a dataset of ${request.pair}`);
  if (dataset.datasetId !== request.datasetId) {
    throw new OnescanError(
      'FAILED_PRECONDITION',
      `the fetcher delivered dataset ${dataset.datasetId} for ${request.pair}, approved was ${request.datasetId}`,
      { remedy: 'The warehouse has changed since the plan: start a new run' },
    );
  }
  return dataset;
}

/** What a run has really been billed for a pair, by the fetcher's own list of statements. */
export interface BilledFacts {
  statementsRun: number;
  bytesBilled: bigint;
  usd: number;
}

/** Sums the statements that were run for a run and pair, those of failed or repeated fetches included. */
export async function readBilled(
  fetcher: FetcherServiceClient,
  run: { runId: string; pair: string },
): Promise<BilledFacts> {
  const { jobs } = await callUnary(fetcher, fetcher.listQueryJobs, { runId: run.runId });
  const ours = jobs.filter((job) => job.pair === run.pair);
  return {
    statementsRun: ours.length,
    bytesBilled: ours.reduce((sum, job) => sum + job.bytesBilled, 0n),
    usd: ours.reduce((sum, job) => sum + job.usd, 0),
  };
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
