import type {
  EstimatePairRequest,
  EstimateSharedRequest,
  EstimateSharedResponse,
  FetcherServiceClient,
  ListQueryJobsRequest,
  QueryJob,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { isMetadataQuery } from '@onescan/contract/metadata-query.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { type CallOptions, callUnary } from '@onescan/process/grpc/client.js';
import { isAway } from '@onescan/process/retrying.js';
import { type BilledFacts, statementKey } from '../model/cost.js';
import { checkPairEstimate, checkSharedEstimate, type PairEstimate } from './check-estimate.js';
import { checkJobs } from './check-fetch.js';

/** Whoever asks for an estimate has a spec that was validated. */
type WithSpec<Request> = Request & { readonly spec: ResolvedRunSpec };

/**
 * Asks for a pair's estimate, which is checked.
 *
 * @throws OnescanError as the fetcher sends it, INTERNAL when its answer is not valid
 */
export async function askPairEstimate(
  fetcher: FetcherServiceClient,
  request: WithSpec<EstimatePairRequest>,
  options: CallOptions,
): Promise<PairEstimate> {
  const answer = await asked(callUnary(fetcher, fetcher.estimatePair, request, options));
  const { spec, pair, withinDatasetId } = request;
  return checkPairEstimate(answer, { spec, pair, isPart: Boolean(withinDatasetId) });
}

/** The same for what the pairs share. */
export async function askSharedEstimate(
  fetcher: FetcherServiceClient,
  request: WithSpec<EstimateSharedRequest>,
  options: CallOptions,
): Promise<EstimateSharedResponse> {
  const answer = await asked(callUnary(fetcher, fetcher.estimateShared, request, options));
  return checkSharedEstimate(answer, request.spec);
}

/**
 * The statements of a run, checked: those of one pair where it is given.
 *
 * @throws OnescanError as the fetcher sends it, INTERNAL when its answer is not valid
 */
export async function askJobs(
  fetcher: FetcherServiceClient,
  { pair, ...request }: ListQueryJobsRequest & { pair?: string },
): Promise<QueryJob[]> {
  const { jobs } = await asked(callUnary(fetcher, fetcher.listQueryJobs, request));
  return checkJobs(jobs, { runId: request.runId, ...(pair === undefined ? {} : { pair }) });
}

/** Sums the statements that were run for a run and pair, those of failed or repeated fetches included. */
export async function readBilled(
  fetcher: FetcherServiceClient,
  run: { runId: string; pair: string },
): Promise<BilledFacts> {
  const ours = await askJobs(fetcher, { runId: run.runId, pair: run.pair });
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
  const jobs = await askJobs(fetcher, { runId, checkResults: true });
  return new Set(
    jobs.filter((job) => job.repeatable).map((job) => statementKey(job.datasetId, job.sqlSha256)),
  );
}

/** What a call failed with; where no fetcher said why, that it is the fetcher that cannot be reached. */
export function fetcherError(thrown: unknown): OnescanError {
  const error = OnescanError.from(thrown);
  if (!isAway(error) || error.remedy !== '') return error;
  const what = error.code === 'UNAVAILABLE' ? 'cannot be reached' : 'does not answer';
  return new OnescanError(error.code, `the fetcher ${what}: ${error.message}`, {
    remedy: 'Start it again where it was, then resume the run: what was paid for is not paid for again',
    cause: thrown,
  });
}

function asked<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((thrown: unknown) => {
    throw fetcherError(thrown);
  });
}
