import type { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { type Plan, SharedOnceEstimate } from '@onescan/contract/generated/onescan/v1/plan.js';
import { SharedGroups } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { askPairEstimate, askSharedEstimate } from '../fetcher/ask-fetcher.js';
import { priceOf } from '../model/cost.js';
import { boundedMap } from './bounded-map.js';

/** So many pairs are each dry-run; of more, one speaks for all. */
const EXACT_PAIRS = 4;

/** A plan does not wait for long for what it can do without. */
const DEADLINE_MS = 2 * 60_000;

interface Asking {
  readonly spec: ResolvedRunSpec;
  readonly plan: Plan;
  /** The fetcher answers with the catalogue that the plan was made of. */
  readonly planId: string;
  readonly signal: AbortSignal;
  /** Called with each answer, for what its metadata queries were billed. */
  onAnswer(answer: { metadataQueries: number; metadataBytes: bigint }): void;
}

/**
 * A plan of `sharedGroups: per-pair` with what `once` would read instead, by dry runs, where two or more pairs are to be
 * fetched that share something. Nothing that goes wrong here fails the plan: it is told as the estimate's problem.
 */
export async function withSharedOnce(
  fetcher: FetcherServiceClient,
  spec: ResolvedRunSpec,
  plan: Plan,
  asking: Pick<Asking, 'planId' | 'signal'>,
): Promise<Plan> {
  const isPerPair = spec.sharedGroups !== SharedGroups.SHARED_GROUPS_ONCE;
  const isShared = spec.universe.groups.some((group) => group.shared);
  if (!isPerPair || !isShared || plan.pairs.filter((pair) => !pair.cached).length < 2) return plan;
  let queries = 0;
  let bytes = 0n;
  const onAnswer: Asking['onAnswer'] = (answer) => {
    queries += answer.metadataQueries;
    bytes += answer.metadataBytes;
  };
  let sharedOnce: SharedOnceEstimate | undefined;
  try {
    sharedOnce = await estimateOnce(fetcher, { spec, plan, ...asking, onAnswer });
  } catch (thrown) {
    sharedOnce = SharedOnceEstimate.create({ problem: OnescanError.from(thrown).message });
  }
  return {
    ...plan,
    ...(sharedOnce ? { sharedOnce } : {}),
    metadataQueries: plan.metadataQueries + queries,
    metadataBytes: plan.metadataBytes + bytes,
    metadataUsd: plan.metadataUsd + priceOf(bytes, plan),
  };
}

/** Undefined when the pairs share no columns. */
async function estimateOnce(
  fetcher: FetcherServiceClient,
  { spec, plan, planId, signal, onAnswer }: Asking,
): Promise<SharedOnceEstimate | undefined> {
  const options = { deadlineMs: DEADLINE_MS, signal };
  const answer = await askSharedEstimate(fetcher, { spec, planId, bytesOnly: true }, options);
  onAnswer(answer);
  const shared = answer.plan;
  if (!shared) return undefined;
  const scaled = plan.pairs.length > EXACT_PAIRS;
  const asked = scaled ? plan.pairs.slice(0, 1) : plan.pairs;
  const found = await boundedMap(asked, EXACT_PAIRS, async ({ pair, bytes }) => {
    const request = { spec, pair, planId, sharedDatasetId: shared.datasetId, bytesOnly: true };
    const own = await askPairEstimate(fetcher, request, options);
    onAnswer(own);
    return { ...own.plan, whole: bytes };
  });
  // The shared tables are the same for all pairs, and so is what leaving them out saves.
  const [first] = found;
  const saved = first!.whole - first!.bytes;
  const others = plan.pairs.slice(asked.length).map(({ bytes }) => ({
    ...first!,
    bytes: bytes > saved ? bytes - saved : 0n,
  }));
  const toFetch = [shared, ...found, ...others].filter(({ cached }) => !cached);
  const bytes = toFetch.reduce((sum, each) => sum + each.bytes, 0n);
  const statements = toFetch.reduce((sum, each) => sum + each.statements.length, 0);
  return { bytes, usd: priceOf(bytes, plan), statements, scaled, problem: '' };
}
