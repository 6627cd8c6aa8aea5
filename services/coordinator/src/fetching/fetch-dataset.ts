import type {
  DatasetRef,
  FetcherServiceClient,
  FetchPairRequest,
  FetchProgress,
  QueryJob,
} from '@onescan/shared/generated/onescan/v1/fetcher.js';
import type { PairPlan } from '@onescan/shared/generated/onescan/v1/plan.js';
import { callServerStream, callUnary } from '@onescan/shared/grpc/client.js';
import { isMetadataQuery } from '@onescan/shared/metadata-query.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { statementKey } from '../planning/amend-plan.js';
import { type AskAgainOptions, askAgain } from './ask-again.js';

export interface FetchHooks extends AskAgainOptions {
  onProgress(progress: FetchProgress): void;
}

/**
 * Has a pair's dataset fetched. A fetcher that cannot be reached is asked again, which costs nothing: it
 * answers from its cache or joins the fetch under way.
 *
 * @param request made anew each time it is asked: what was billed meanwhile is gone from what it may bill
 * @throws OnescanError as the fetcher sends it; FAILED_PRECONDITION when it delivers another dataset than
 *   the plan's
 */
export function fetchDataset(
  fetcher: FetcherServiceClient,
  request: () => Promise<FetchPairRequest>,
  hooks: FetchHooks,
): Promise<DatasetRef> {
  return askAgain(async () => fetchOnce(fetcher, await request(), hooks), hooks);
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

/** Where the plan says that a dataset is free: it is never queried for then, also when it was evicted since. */
export function sourceOf(planned: Pick<PairPlan, 'cached' | 'servedFrom' | 'datasetId'> | undefined): string {
  if (!planned?.cached) return '';
  return planned.servedFrom || planned.datasetId;
}

/** What a run has really been billed for a pair, by the fetcher's own list of jobs. */
export interface BilledFacts {
  /** Metadata queries, which the sums and the list hold too, are none. */
  statementsRun: number;
  bytesBilled: bigint;
  usd: number;
  jobs: readonly QueryJob[];
}

/** The billing of a pair's record alone, of a record or of what was read anew. */
export function billedOf({ statementsRun, bytesBilled, usd, jobs }: BilledFacts): BilledFacts {
  return { statementsRun, bytesBilled, usd, jobs };
}

/** Sums the statements that were run for a run and pair, those of failed or repeated fetches included. */
export async function readBilled(
  fetcher: FetcherServiceClient,
  run: { runId: string; pair: string },
): Promise<BilledFacts> {
  const { jobs } = await callUnary(fetcher, fetcher.listQueryJobs, { runId: run.runId });
  const ours = jobs.filter((job) => job.pair === run.pair);
  return {
    statementsRun: ours.filter((job) => !job.neverRan && !isMetadataQuery(job)).length,
    bytesBilled: ours.reduce((sum, job) => sum + job.bytesBilled, 0n),
    usd: ours.reduce((sum, job) => sum + job.usd, 0),
    jobs: ours,
  };
}

/**
 * Statements of a run that would not be billed again, by {@link statementKey}. Asking costs nothing.
 *
 * @throws OnescanError as the fetcher sends it
 */
export async function readRepeatable(fetcher: FetcherServiceClient, runId: string): Promise<Set<string>> {
  const { jobs } = await callUnary(fetcher, fetcher.listQueryJobs, { runId, checkResults: true });
  return new Set(
    jobs.filter((job) => job.repeatable).map((job) => statementKey(job.datasetId, job.sqlSha256)),
  );
}
