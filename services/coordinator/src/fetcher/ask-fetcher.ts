import type {
  EstimatePairRequest,
  EstimateSharedRequest,
  EstimateSharedResponse,
  FetcherServiceClient,
  ListQueryJobsRequest,
  QueryJob,
} from '@onescan/shared/generated/onescan/v1/fetcher.js';
import { type CallOptions, callUnary } from '@onescan/shared/grpc/client.js';
import type { ErrorCode } from '@onescan/shared/onescan-error.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/shared/run-spec.js';
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

const DEAD: ReadonlySet<ErrorCode> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED']);

/** What a call failed with; where no fetcher said why, that it is the fetcher that cannot be reached. */
export function fetcherError(thrown: unknown): OnescanError {
  const error = OnescanError.from(thrown);
  if (!DEAD.has(error.code) || error.remedy !== '') return error;
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
